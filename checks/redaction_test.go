package checks_test

import (
	"testing"

	. "sallyport/checks/checkstest"
	"sallyport/policy"
)

func TestRedactionRecoverable(t *testing.T) {
	Run(t, "redaction-recoverable", []Case{
		{Name: "one hidden part", CSV: "age,heart_disease\n21-30,[REDACTED]\n31-40,10\n41-50,15\n51+,25\nTotal,51",
			Want: []Want{{Kind: "exact", Severity: policy.Block, Column: "heart_disease", Rows: []int{0}, Message: "51 - 10 - 15 - 25 = 1",
				Evidence: map[string]any{"interval": []float64{1, 1}}}}},
		{Name: "total added up again", CSV: "age,heart_disease\n21-30,[REDACTED]\n31-40,10\n41-50,15\n51+,25\nTotal,50"},
		{Name: "second cell redacted to protect the first", CSV: "age,n\n21-30,[REDACTED]\n31-40,[REDACTED]\n41-50,1500\n51+,2500\nTotal,5001"},
		{Name: "variables share a total that is not printed", CSV: "variable,level,n\nsex,F,510\nsex,M,487\neth,White,801\neth,Black,104\neth,Asian,90\neth,Other,[REDACTED]\nimd,1,402\nimd,2,595",
			Want: []Want{{Kind: "exact", Column: "n", Rows: []int{5}, Evidence: map[string]any{"interval": []float64{2, 2}}}}},
		{Name: "variables that do not share a total", CSV: "variable,level,n\nsex,F,510\nsex,M,480\neth,White,801\neth,Black,104\neth,Asian,90\neth,Other,[REDACTED]\nimd,1,402\nimd,2,565"},
		{Name: "rounded, knowing the rule", CSV: "sex,n\nF,100\nM,[REDACTED]\nTotal,110\n",
			Want: []Want{{Kind: "narrow-by-rule", Severity: policy.Note, Rows: []int{1}, Evidence: map[string]any{"interval": []float64{6, 7}}}}},
		{Name: "two hidden cells of three people", CSV: "g,n\na,120\nb,[REDACTED]\nc,[REDACTED]\nTotal,123",
			Want: []Want{
				{Kind: "narrow", Severity: policy.Warn, Rows: []int{1, 2}, Evidence: map[string]any{"interval": []float64{0, 3}}},
				{Kind: "group", Severity: policy.Warn, Rows: []int{1, 2}, Message: "3 people together"}}},
		{Name: "a total column", CSV: "region,F,M,Total\nNorth,412,388,800\nSouth,309,[REDACTED],312\nEast,271,266,537",
			Want: []Want{{Kind: "exact", Column: "M", Rows: []int{1}, Message: "312 - 309 = 3"}}},
		{Name: "a total column added up again", CSV: "region,F,M,Total\nNorth,412,388,800\nSouth,309,[REDACTED],309\nEast,271,266,537"},
		{Name: "a column that is a sum and does not say so", CSV: "region,first,second,doses\nNorth,412,388,800\nSouth,309,[REDACTED],312\nEast,271,266,537\nWest,814,717,1531\nMid,605,593,1198",
			Want: []Want{{Kind: "exact", Column: "second", Rows: []int{1}}}},
		{Name: "rows and columns together", CSV: "region,F,M,Total\nNorth,[REDACTED],[REDACTED],420\nSouth,[REDACTED],[REDACTED],312\nEast,271,[REDACTED],537\nTotal,600,669,1269",
			Want: []Want{{Kind: "known", Column: "M", Rows: []int{2}}}},
		{Name: "rows and columns together leave one value", CSV: "region,F,M,Total\nNorth,[REDACTED],[REDACTED],420\nSouth,[REDACTED],309,312\nEast,271,266,537\nTotal,600,669,1269",
			Want: []Want{
				{Kind: "exact", Column: "F", Rows: []int{1}, Message: "312 - 309 = 3"},
				{Kind: "known", Column: "F", Rows: []int{0}},
				{Kind: "known", Column: "M", Rows: []int{0}}}},
		{Name: "margins of a two-way table", CSV: "region,sex,n\nNorth,F,212\nNorth,M,[REDACTED]\nNorth,All,216\nSouth,F,309\nSouth,M,322\nSouth,All,631\nEast,F,171\nEast,M,166\nEast,All,337",
			Want: []Want{{Kind: "exact", Rows: []int{1}, Message: "216 - 212 = 4"}}},
		{Name: "All is a group beside others, not their total", CSV: "group,n\nAll,53126\nCare home,3201\nDementia,[REDACTED]\nLearning disability,2710"},
		{Name: "marker that cannot be true is only a marker", CSV: "g,n\na,<8\nb,<8\nc,1200\nTotal,4207"},
		{Name: "an empty cell of a verified sum", CSV: "region,F,M,Total\nNorth,412,388,800\nSouth,309,,312\nEast,271,266,537\nWest,814,717,1531",
			Want: []Want{{Kind: "exact", Column: "M", Rows: []int{1}}}},
		{Name: "an empty cell that stands for none", CSV: "region,F,M,Total\nNorth,412,388,800\nSouth,309,,309\nEast,271,266,537\nWest,814,717,1531"},
		{Name: "a redacted count above the threshold", CSV: "region,F,M,Total\nNorth,412,388,800\nSouth,309,[REDACTED],340\nEast,271,266,537\nWest,814,717,1531",
			Want: []Want{{Kind: "known", Severity: policy.Note, Column: "M", Rows: []int{1}}}},
		{Name: "a last row without a label", CSV: "g,n\na,1204\nb,[REDACTED]\nc,877\nd,2312\n,4396",
			Want: []Want{{Kind: "exact", Rows: []int{1}, Message: "4396 - 1204 - 877 - 2312 = 3"}}},
		{Name: "a total beside a group called All", CSV: "group,n\nAll,53126\nCare home,3201\nDementia,[REDACTED]\nOther,2710\nTotal,59043",
			Want: []Want{{Kind: "exact", Rows: []int{2}}}},
		{Name: "a rate narrows one of two, the total gives the rest", CSV: "g,n,people,pct\na,[REDACTED],1000,0.5\nb,60,400,15.0\nc,45,300,15.0\nd,120,600,20.0\ne,81,450,18.0\nf,[REDACTED],700,\nTotal,313,3450,9.1",
			Want: []Want{{Kind: "exact", Rows: []int{5}, Evidence: map[string]any{"interval": []float64{2, 2}}}, {Kind: "group"}}},
		{Name: "no redaction, no finding", CSV: "g,n\na,120\nb,3\nTotal,123"},
	})
}

func TestTotalNotRecomputed(t *testing.T) {
	Run(t, "total-not-recomputed", []Case{
		{Name: "rounded, then added up, then redacted", CSV: "g,n\na,110\nb,215\nc,[REDACTED]\nd,395\nTotal,725",
			Want: []Want{{Severity: policy.Warn, Column: "n", Rows: []int{4}, Message: "725 - 110 - 215 - 395 = 5"}}},
		{Name: "added up again", CSV: "g,n\na,110\nb,215\nc,[REDACTED]\nd,395\nTotal,720"},
		{Name: "large cells redacted as well", CSV: "g,n\na,110\nb,[REDACTED]\nc,[REDACTED]\nd,395\nTotal,720"},
		{Name: "total column of cells rounded to 5", CSV: "region,F,M,Total\nNorth,410,390,800\nSouth,310,[REDACTED],315\nEast,270,265,535\nWest,815,715,1530",
			Want: []Want{{Column: "Total", Rows: []int{1}}}},
		{Name: "a total below its parts is another sort of mistake", CSV: "g,n\na,110\nb,215\nc,[REDACTED]\nd,395\nTotal,715"},
	})
}
