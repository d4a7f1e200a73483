package table

import "strconv"

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
	seen := map[float64]bool{}
	big, small, valid := 0, 0, 0
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
