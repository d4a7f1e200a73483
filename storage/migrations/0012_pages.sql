-- The time zone in which somebody reads times, an IANA name; '' for the service's.
ALTER TABLE people ADD COLUMN zone TEXT NOT NULL DEFAULT '';
