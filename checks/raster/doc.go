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
// What a picture shows, and what is hidden in its samples or, in a JPEG, behind
// the last sample of its compressed data, is out of reach.
package raster
