package checks

import (
	"fmt"

	"sallyport/checks/raster"
	"sallyport/policy"
)

var imageMetadata = Check{
	Name: "image-metadata", Version: 1, Title: "What a picture holds besides pixels",
	Doc: "A PNG or JPEG can carry texts, the place where it was taken, small copies of itself, further frames, " +
		"and any bytes behind its end. None of it shows, and all of it goes when the picture is cleaned; no pixel changes.",
	Source:  "House rule: nothing leaves that a checker cannot see.",
	Example: "A text block with an author: noted. A table of patients behind the end of a PNG: reported. A plain plot: not.",
	FixR: `# draw it again from the data, and send the file as it was written
ggplot2::ggsave("figure.png", plot)`,
	FixPy: `# draw it again from the data, and send the file as it was written
fig.savefig("figure.png", metadata={"Software": None})`,
	Kinds: []Kind{
		{"trailing", policy.Block, "bytes after the end of the picture"},
		{"hidden", policy.Block, "bytes within the picture's data that draw nothing"},
		{"gps", policy.Block, "the place where the picture was taken"},
		{"too-large", policy.Block, "more than 50 million pixels"},
		{"animation", policy.Warn, "frames besides the one shown"},
		{"metadata", policy.Note, "texts, EXIF, XMP, a colour profile or other blocks"},
	},
	File: checkImageMetadata,
}

func checkImageMetadata(p *Pass) error {
	if img := p.Doc.Picture; img != nil {
		imageParts(p, img, "")
	}
	if page := p.Doc.Page; page != nil {
		for i, img := range page.Pictures {
			imageParts(p, img, fmt.Sprintf("picture %d", i+1))
		}
	}
	return nil
}

// partKind says which kind of finding a part of a picture is.
func partKind(k raster.Kind) string {
	switch k {
	case raster.Trailing, raster.Hidden, raster.GPS, raster.Animation:
		return string(k)
	}
	return "metadata"
}

func imageParts(p *Pass, img *raster.Image, name string) {
	if int64(img.Width)*int64(img.Height) > raster.MaxPixels {
		p.Report(Finding{Kind: "too-large", Table: name, Evidence: map[string]any{"width": img.Width, "height": img.Height},
			Message: fmt.Sprintf("The picture has %d × %d pixels, too many to be looked at.", img.Width, img.Height)})
	}
	for _, k := range p.Check.Kinds {
		var bytes, blocks int
		names := map[string]bool{}
		for _, part := range img.Parts {
			if partKind(part.Kind) == k.Name {
				blocks++
				bytes += part.Size
				names[part.Name] = true
			}
		}
		if k.Name == "metadata" {
			blocks += img.More
		}
		if blocks > 0 {
			p.Report(Finding{Kind: k.Name, Table: name, Message: partMessage(k.Name, blocks, bytes),
				Evidence: map[string]any{"blocks": sortedNames(names), "bytes": bytes, "count": blocks}})
		}
	}
}

func partMessage(kind string, blocks, bytes int) string {
	switch kind {
	case "trailing":
		return fmt.Sprintf("%s follow the end of the picture.", counted(bytes, "byte"))
	case "hidden":
		return fmt.Sprintf("%s of the picture's data draw nothing.", counted(bytes, "byte"))
	case "gps":
		return "The picture says where it was taken."
	case "animation":
		return "The picture has frames besides the one shown."
	}
	return fmt.Sprintf("The picture carries %s of metadata.", counted(blocks, "block"))
}
