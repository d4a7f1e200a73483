package table

// roleIndex is a role as a position in scores.
type roleIndex uint8

const (
	iCount roleIndex = iota
	iDenominator
	iPersonTime
	iPercent
	iRate
	iMean
	iSD
	iSE
	iMedian
	iMin
	iMax
	iPercentile
	iEstimate
	iCI
	iPValue
	iStat
	iDF
	iWeight
	iOrdinal
	iDate
	iBirthDate
	iGeo
	iOrgCode
	iOrgCount
	iID
	iCode
	iCategory
	iBool
	nRoles
)

// roles gives the role at each index; the first of equals wins.
var roles = [nRoles]Role{
	Count, Denominator, PersonTime, PercentRole, Rate, Mean, SD, SE, Median, Min, Max, Percentile, EstimateRole, CI,
	PValue, Stat, DF, Weight, Ordinal, DateRole, BirthDate, Geo, OrgCode, OrgCount, ID, Code, Category, BoolRole,
}

// statistics are the roles whose words outweigh count words.
var statistics = [...]roleIndex{
	iCI, iPValue, iSE, iSD, iMean, iMedian, iMin, iMax, iPercentile, iPercent, iRate, iEstimate, iDF, iPersonTime, iStat, iWeight,
}

func indexOf(r Role) roleIndex {
	for i, x := range roles {
		if x == r {
			return roleIndex(i)
		}
	}
	return nRoles
}

// scores holds the weight of evidence for each role.
type scores [nRoles]float64

// best returns the strongest role with positive weight, and the weight of the
// strongest role of another sort: a flag and a category do not compete, nor do a
// count and a denominator, nor two statistics.
func (s *scores) best() (first roleIndex, top, second float64) {
	first = nRoles
	for i, v := range s {
		if v > top {
			first, top = roleIndex(i), v
		}
	}
	for i, v := range s {
		if first < nRoles && sortOf(roleIndex(i)) != sortOf(first) {
			second = max(second, v)
		}
	}
	return first, top, second
}

// sortOf is the sort of a role: counts, dimensions, statistics, or the role
// alone.
func sortOf(i roleIndex) int {
	switch r := roles[i]; {
	case r.CountLike():
		return -1
	case r.Dimension():
		return -2
	case r.Statistic():
		return -3
	}
	return int(i)
}

// CountLike reports whether r counts people.
func (r Role) CountLike() bool { return r == Count || r == Denominator }

// Dimension reports whether r names groups rather than measures them.
func (r Role) Dimension() bool {
	switch r {
	case Category, DateRole, Ordinal, Geo, OrgCode, BoolRole, ID, FreeText, BirthDate, Code:
		return true
	}
	return false
}

// Statistic reports whether r is a number computed from people, not a count.
func (r Role) Statistic() bool {
	i := indexOf(r)
	for _, s := range statistics {
		if s == i {
			return true
		}
	}
	return r == EstCI
}
