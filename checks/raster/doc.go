// Package raster reads and cleans PNG and JPEG pictures without touching a
// pixel. It walks the file's own blocks (PNG chunks, JPEG segments): [Inspect]
// says what each block that is not picture holds, and [Clean] writes the file
// again from the blocks that make the picture, and nothing else.
//
// Pictures are never decoded and encoded again, so every sample stays as it
// was. Colour profiles are dropped, because a profile is a file within the file
// that can hold anything; a picture with one may look slightly different on a
// screen that heeds profiles, and the list of removals says so. An orientation
// in EXIF decides how the picture is drawn, so it alone is kept, in a new EXIF
// block of 26 bytes.
//
// Bytes behind the last row of a PNG or the last sample of a JPEG, which no
// viewer looks at, are found by decoding, and cut off. What a picture shows, and
// what is hidden in its samples, is out of reach.
package raster
