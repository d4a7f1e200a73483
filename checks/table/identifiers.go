package table

import (
	"strconv"
	"strings"
)

// The Verhoeff check digit of SNOMED CT identifiers: multiplication in the
// dihedral group of ten elements and the position permutation.
var (
	verhoeffD = [10]string{"0123456789", "1234067895", "2340178956", "3401289567", "4012395678", "5987604321", "6598710432", "7659821043", "8765932104", "9876543210"}
	verhoeffP = [8]string{"0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258"}
)

func isSNOMED(v float64) bool {
	s := strconv.FormatFloat(v, 'f', 0, 64)
	if len(s) < 6 || len(s) > 18 {
		return false
	}
	c := byte('0')
	for i := 0; i < len(s); i++ {
		d := s[len(s)-1-i] - '0'
		c = verhoeffD[c-'0'][verhoeffP[i%8][d]-'0']
	}
	return c == '0'
}

// snomedCodes reports whether the large whole numbers of a column are nearly
// all identifiers with a valid check digit.
func snomedCodes(cells []Cell, f *features) bool {
	if !f.allWhole() || f.max < 100_000 {
		return false
	}
	// Most columns are told by their first cells.
	big, valid := 0, 0
	for i := range cells[:min(len(cells), 50)] {
		if v := cells[i].Value; v >= 100_000 {
			big++
			if isSNOMED(v) {
				valid++
			}
		}
	}
	if big >= 5 && 2*valid < big || big == 0 && len(cells) > 500 {
		return false
	}
	seen := map[float64]bool{}
	small := 0
	big, valid = 0, 0
	for i := range cells {
		c := &cells[i]
		if c.Kind != Number || seen[c.Value] {
			continue
		}
		seen[c.Value] = true
		if c.Value < 100_000 {
			small++
			continue
		}
		big++
		if isSNOMED(c.Value) {
			valid++
		} else if big >= 20 && valid*10 < big*8 {
			return false
		}
	}
	return big >= 2 && big >= small && valid*10 >= big*9
}

// hashes reports a column of hashes: hexadecimal digits of one length (dashes
// as in a UUID allowed), nearly all different, with letters here and there.
func hashes(cells []Cell, f *features) bool {
	if f.filled < 10 || f.kinds[Text] == 0 || 20*f.distinct < 19*f.filled {
		return false
	}
	length, seen := 0, 0
	var letterAt [64]bool
	for i := range cells {
		if cells[i].Kind == Missing {
			continue
		}
		s := strings.TrimSpace(cells[i].Raw)
		if length == 0 {
			length = len(s)
		}
		if len(s) != length || length < 12 || length > 64 {
			return false
		}
		for k := 0; k < length; k++ {
			switch c := s[k]; {
			case c-'0' <= 9 || c == '-':
			case c|0x20 >= 'a' && c|0x20 <= 'f':
				letterAt[k] = true
			default:
				return false
			}
		}
		seen++
	}
	places := 0
	for _, l := range letterAt {
		if l {
			places++
		}
	}
	return 2*places >= length
}
