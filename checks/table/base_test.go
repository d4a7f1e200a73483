package table

import (
	"testing"
)

func TestDetectBase(t *testing.T) {
	ten := []int64{10, 25, 135, 2045, 80, 55, 90, 115, 205, 310, 70}
	tests := []struct {
		name   string
		values []int64
		want   string
		state  BaseState
	}{
		{"multiples of 5", []int64{10, 25, 135, 2045, 80, 55}, "5", Rounded},
		{"midpoint 6", []int64{3, 9, 15, 21, 45, 99, 237}, "midpoint 6", Rounded},
		{"two values", []int64{10, 20}, "", Inconclusive},
		{"one stray of twelve", append([]int64{412}, ten...), "5", RoundedStrays},
		{"one stray of seven", []int64{10, 25, 135, 2045, 80, 55, 412}, "5", RoundedStrays},
		{"multiples of 10", []int64{10, 20, 130, 2040, 80, 50}, "10", Rounded},
		{"multiples of 7", []int64{14, 21, 133, 2044, 84, 56}, "7", Rounded},
		{"repeats are no evidence", []int64{10, 10, 10, 20, 20, 20, 10}, "", Inconclusive},
		{"nothing", nil, "", Inconclusive},
		{"zeros", []int64{0, 0}, "", Inconclusive},
		{"exact", []int64{123, 347, 981, 412, 208, 777}, "none", Unrounded},
		{"one odd value among midpoints is a stray", []int64{3, 9, 15, 21, 45, 99, 237, 3390, 351, 459, 1149}, "midpoint 6", RoundedStrays},
		{"differences of midpoints", []int64{6, 9, 12, 15, 24, 33, 36, 51, 60, 75, 90, 99}, "midpoint 6 derived", Rounded},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := DetectBase(tt.values)
			if b.String() != tt.want || b.State != tt.state {
				t.Errorf("got %q (%s, k %d, p %g), want %q (%s)", b, b.State, b.K, b.P, tt.want, tt.state)
			}
		})
	}
}

func TestSchemeInterval(t *testing.T) {
	tests := []struct {
		s        Scheme
		v        float64
		redacted int
		lo, hi   float64
	}{
		{Scheme{}, 12, 0, 12, 12},
		{Scheme{"near", 5}, 10, 0, 8, 12},
		{Scheme{"near", 5}, 10, 7, 8, 12},
		{Scheme{"near", 5}, 5, 7, 8, 8}, // cannot occur; the interval stays a point
		{Scheme{"near", 10}, 20, 0, 15, 25},
		{Scheme{"near", 5}, 0, 0, 0, 2},
		{Scheme{"mid", 6}, 0, 0, 0, 0},
		{Scheme{"mid", 6}, 3, 0, 1, 6},
		{Scheme{"mid", 6}, 9, 0, 7, 12},
		{Scheme{"midd", 6}, 12, 0, 7, 17},
		{Scheme{"midd", 6}, 3, 0, 0, 8},
	}
	for _, tt := range tests {
		lo, hi := tt.s.Interval(tt.v, tt.redacted)
		if lo != tt.lo || hi != tt.hi {
			t.Errorf("%s of %g after redacting %d: [%g, %g], want [%g, %g]", tt.s, tt.v, tt.redacted, lo, hi, tt.lo, tt.hi)
		}
	}
}
