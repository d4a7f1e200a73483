package checks

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"sallyport/checks/jsontable"
	"sallyport/checks/markup"
	"sallyport/checks/raster"
	"sallyport/checks/text"
)

// readHTML reads a report: its tables, those of the data that its scripts read,
// the text around them and the text that nobody sees.
func readHTML(d *Document) error {
	page, err := markup.ReadHTML(d.Data)
	if err != nil {
		return err
	}
	d.Page = page
	if page.Counts.Unread > 0 {
		err = errors.New("a figure or file within it cannot be read")
	}
	sources := slices.Clone(page.Tables)
	for _, data := range page.Data {
		found, jsonErr := jsontable.Read(data.JSON)
		if jsonErr != nil {
			err = fmt.Errorf("the data of a script in it cannot be read: %w", jsonErr)
			continue
		}
		for _, s := range found {
			s.Name = data.Name + " " + s.Name
			sources = append(sources, s)
		}
	}
	lines := []string{page.Text}
	for _, h := range page.Hidden {
		lines = append(lines, h.Text)
	}
	for _, drawing := range page.Drawings {
		for _, l := range drawing.Labels {
			lines = append(lines, l.Text)
		}
	}
	printed, textErr := text.Read([]byte(strings.Join(lines, "\n")))
	if textErr != nil {
		return textErr
	}
	for _, s := range printed.Tables {
		s.Name = "text, " + s.Name
	}
	d.Text = printed
	return errors.Join(d.understand(append(sources, printed.Tables...)), err)
}

// maxPrinted is how many of a drawing's numbers are kept to compare them with
// its table.
const maxPrinted = 1000

// readSVG reads the texts of a figure.
func readSVG(d *Document) error {
	drawing, err := markup.ReadSVG(d.Data)
	if err != nil {
		return err
	}
	d.Drawing = drawing
	free, _ := freeNumbers(drawing.Labels)
	for _, n := range free[:min(len(free), maxPrinted)] {
		d.printed = append(d.printed, n.value)
	}
	var lines []string
	for _, l := range drawing.Labels {
		lines = append(lines, l.Text)
	}
	for _, h := range drawing.Hidden {
		lines = append(lines, h.Text)
	}
	d.Text, err = text.Read([]byte(strings.Join(lines, "\n")))
	if err == nil {
		d.Text.Tables = nil // labels side by side are no table
	}
	return err
}

// readPicture reads what a PNG or JPEG holds beside its pixels.
func readPicture(d *Document) error {
	img, err := raster.Inspect(d.Data)
	d.Picture = img
	if err != nil {
		return err
	}
	var lines []string
	for _, p := range img.Parts {
		if p.Kind == raster.Text || p.Kind == raster.EXIF || p.Kind == raster.XMP {
			lines = append(lines, p.Text)
		}
	}
	d.Text, err = text.Read([]byte(strings.Join(lines, "\n")))
	return err
}
