package table

import "strings"

// A vote is what one word of a header says about its column.
type vote struct {
	role   roleIndex
	weight float64
}

// words maps one token of a header to its votes. Weights add up over tokens;
// 3 is a usual word for the role, 5 one that rarely means anything else.
var words = buildWords(map[Role][]wordList{
	Count: {
		{3, "n count counts num number freq frequency cnt cases events event deaths patients people persons individuals participants admissions appointments consultations tests prescriptions numerator nevent nevents ncensor nobs patient pop npop death died admitted admission hosp hospitalised dose doses test positive case covid vaccinated diagnosis infection infections records obs observations subjects women men births"},
		{2, "midpoint6 midpoint rounded redacted round5 round6 round7 round10 exposed unexposed treated vaccinated recorded registered eligible included excluded exclude censored censor cml cumulative at total totals population overall all"},
	},
	Denominator: {{3, "denominator denom population total totals overall pop list listsize base nrisk"}},
	PercentRole: {{4, "pct percent percentage perc prop proportion proportions share coverage uptake fraction pc p100"}},
	Rate:        {{4, "rate rates ratio per incidence prevalence per1000 per1k per100k ir asr smr"}, {1, "value"}},
	Mean:        {{4, "mean avg average"}},
	SD:          {{4, "sd std stdev stddev variance iqr"}},
	SE:          {{4, "se sem stderr error stde rse"}},
	Median:      {{4, "median p50 q50 p50th"}},
	Min:         {{4, "p0 min minimum lowest youngest earliest smallest"}},
	Max:         {{4, "max maximum highest oldest latest largest"}},
	Percentile:  {{4, "p1 p5 p10 p20 p25 p75 p80 p90 p95 p99 q1 q3 q25 q75 d1 d2 d3 d4 d5 d6 d7 d8 d9 lq uq 25th 75th 10th 90th quartile1 quartile3"}},
	EstimateRole: {
		{4, "estimate est irr aor ahr arr beta coef coefficient coefficients hazard odds rmst ve effect loghr slope intercept rre"},
	},
	CI:         {{5, "ci lci uci lower upper lower95 upper95 lowerci upperci conflow confhigh conf lcl ucl l95 u95 ci95 lci95 uci95 cilow cihigh"}},
	PValue:     {{5, "pvalue pval"}},
	Stat:       {{5, "cost costs price spend gbp pounds quantity seed"}, {4, "statistic chisq chi2 loglik aic bic deviance auc rsq r2 concordance smd asmd corr correlation"}},
	DF:         {{4, "df dof residual"}},
	PersonTime: {{5, "personyears persontime persondays pyears py pyrs pdays followup fup followuptime"}},
	Ordinal: {
		{4, "week month year day days time decile deciles quintile quantile percentile rank order index step wave visit dose tstart tstop lagtime leadtime interval bin row rowname rownum tertile period weeknum weekday quarter"},
	},
	DateRole: {{3, "date dates datetime"}},
	Geo:      {{3, "region stp ccg icb msoa lsoa utla ltla lad la nuts county"}},
	ID:       {{4, "id ids uid uuid pseudoid identifier key"}},
	OrgCode:  {{5, "practice ods orgcode practicecode"}},
	OrgCount: {{6, "practices gps surgeries"}},
	Category: {
		{6, "snomed ctv3 icd10 icd bnf dmd snomedcode code codes term nlevels"},
		{3, "sex gender ethnicity ethnic imd ageband agegroup age group category level variable label name term subgroup strata stratum cohort outcome exposure model measure indicator characteristic covariate type status analysis redaction"},
	},
	BoolRole: {{2, "flag is has indicator"}, {5, "convergence converged message ram"}},
	Weight:   {{4, "weight weights"}},
})

type wordList struct {
	weight float64
	words  string
}

func buildWords(lists map[Role][]wordList) map[string][]vote {
	m := map[string][]vote{}
	for i, role := range roles {
		for _, l := range lists[role] {
			for _, w := range strings.Fields(l.words) {
				m[w] = append(m[w], vote{roleIndex(i), l.weight})
			}
		}
	}
	return m
}

// short holds words so ambiguous that they speak only as the first or last of
// at most three ("or" in "chemo_or_radio" is no odds ratio).
var short = map[string]Role{
	"hr": EstimateRole, "or": EstimateRole, "rr": EstimateRole, "b": EstimateRole, "diff": EstimateRole, "difference": EstimateRole,
	"z": Stat, "t": Stat, "chi": Stat, "p": PValue,
	"lo": CI, "hi": CI, "low": CI, "high": CI, "ll": CI, "ul": CI, "lb": CI, "ub": CI,
	"var": SD, "error": SE,
}

// A phrase is a run of tokens that speaks with more weight than its words.
type phrase struct {
	role   Role
	weight float64
	// texts are alternatives, tokens joined by "_"; a leading "^" or trailing
	// "$" ties them to the header's start or end.
	texts string
}

var phrases = []phrase{
	{PersonTime, 8, "person_year person_years person_day person_days person_time person_months person_weeks patient_years patient_days patient_time follow_up_time follow_up_days fu_time years_at_risk yearsatrisk time_at_risk"},
	{PValue, 8, "p_value p_val"},
	{PValue, 6, "^pr_ ^pr$ pr_gt"},
	{SE, 8, "std_err std_error standard_error standard_err robust_se"},
	{SE, 5, "se$ survivalse$"},
	{SD, 8, "std_dev std_deviation standard_deviation standard_dev"},
	{CI, 8, "conf_low conf_high conf_int low_ci high_ci lower_ci upper_ci lower_95 upper_95 lower_bound upper_bound low_bound upp_bound lower_limit upper_limit lower_cl upper_cl ci_l ci_u ci_low ci_high ci_lower ci_upper ci_lo ci_hi 95_l 95_u"},
	{CI, 5, "_low$ _high$ _lower$ _upper$ _ll$ _ul$ _lb$ _ub$"},
	{Stat, 12, "n_unique$ n_distinct$ ^nunique$ number_unique$ n_levels$"},
	{Stat, 12, "r_squared log_lik loglik logl r2"},
	{Stat, 14, "n_levels var_nlevels n_categories n_variables n_models n_terms n_knots n_params n_parameters n_codes n_iterations n_boot n_bootstraps n_simulations n_sims n_imputations n_breaks ^npar$ ^nlevels$"},
	{Ordinal, 14, "n_days n_weeks n_months n_years num_days number_of_days number_of_weeks number_of_months days_since weeks_since"},
	{PercentRole, 4, "coverage$"},
	{PercentRole, 3, "^proportion ^percentage ^percent ^pct"},
	{OrgCount, 8, "practices_with practice_with practicewith practicewithcode practiceswithcode"},
	{OrgCount, 14, "n_practices num_practices number_of_practices number_practices count_of_practices total_practices n_practice n_gps practices_count practice_count practices_n practices_total practice_total n_trusts n_sites n_orgs number_of_sites number_of_trusts"},
	{Denominator, 6, "size$"},
	{Denominator, 5, "list_size population_size"},
	{Denominator, 2, "^population"},
	{BoolRole, 5, "ref_row reference_row"},
	{Category, 6, "age_group age_band age_cat age_grp age_range agegroup ageband"},
	{Category, 4, "deprivation ethnicity"},
	{Count, 5, "n_event n_events n_risk n_censor n_censored n_obs n_exposed n_total nevents nobs"},
	{Count, 6, "at_risk"},
	{Count, 4, "num_of number_of count_of"},
	{DateRole, 8, "interval_start interval_end"},
	{DateRole, 6, "start_date end_date _date$ ^date_ ^date$"},
	{BirthDate, 12, "date_of_birth year_of_birth month_of_birth birth_date birthdate birth_year ^dob$ ^yob$"},
	{ID, 12, "patient_id patient_no patient_number patient_key person_id participant_id subject_id household_id record_id encounter_id appointment_id event_id nhs_id nhs_no nhs_number pseudo_id pseudo_nhs pseudoid nhs_hash patient_hash person_hash hashed_id hash_id id_hash patient_pseudo_id study_id ^patid$ ^pid$ ^eid$ ^lopnr$"},
	{OrgCode, 10, "practice_code practice_id practice_name practice_number practice_pseudo_id gp_code gp_id ods_code org_code org_id org_name trust_code trust_name trust_id provider_code provider_id provider_name site_code site_id site_name"},
	{OrgCode, 8, "^practice$"},
	{Geo, 6, "stp$ icb$ ccg$ msoa$ lsoa$ utla$ ltla$ lad$ local_authority stp_code icb_code ccg_code msoa_code lsoa_code utla_code ltla_code lad_code stp_name icb_name msoa_name"},
	{Ordinal, 9, "^x1$ ^unnamed_0$ ^v1$ ^index$ ^row$ ^rows$ ^row_id$ ^row_num$ ^row_number$ ^row_name$ ^row_names$"},
	{Rate, 6, "per_1000 per_10000 per_100000 per_1k per_10k per_100k per_100 per_million rate_1000 rate_100000 per_1_000 per_10_000 per_100_000 per_1_000_000"},
	{EstimateRole, 4, "surv$ survival$ cuminc$ cml_inc$ hazard$ cif$ km$"},
	{EstimateRole, 5, "^surv ^haz ^cuminc ^cml_hazard"},
	{EstimateRole, 6, "risk_diff ^rd$ risk_ratio odds_ratio hazard_ratio rate_ratio"},
}

// leadCount holds words that, first or last, make the others qualifiers:
// "n_age_18_29" is a count.
var leadCount = map[string]bool{"n": true, "count": true, "num": true, "number": true, "total": true, "freq": true, "counts": true, "cnt": true}

// tokens splits a header on punctuation and on camelCase, in lower case; "%"
// reads as "pct", "#" as "n".
func tokens(header string) []string {
	var out []string
	var b []byte
	flush := func() {
		if len(b) > 0 {
			out = append(out, string(b))
			b = b[:0]
		}
	}
	prevLower := false
	for i := 0; i < len(header); i++ {
		c := header[i]
		switch {
		case c >= 'A' && c <= 'Z':
			if prevLower {
				flush()
			}
			b = append(b, c|0x20)
			prevLower = false
			continue
		case c >= 'a' && c <= 'z':
			b = append(b, c)
			prevLower = true
			continue
		case c-'0' <= 9:
			b = append(b, c)
		default:
			flush()
			switch c {
			case '%':
				out = append(out, "pct")
			case '#':
				out = append(out, "n")
			}
		}
		prevLower = false
	}
	flush()
	return out
}

// header is what the name of a column says.
type header struct {
	tokens []string
	joined string // "_tokens_joined_like_this_"
	scores scores
	said   []string // the words that spoke
}

// maxHeader bounds the work on one name; a longer one is no name.
const maxHeader = 200

func readHeader(name string) header {
	if len(name) > maxHeader {
		name = name[:maxHeader]
	}
	h := header{tokens: tokens(name)}
	last := len(h.tokens) - 1
	for i, t := range h.tokens {
		for _, v := range words[t] {
			w := v.weight
			if t == "n" && (i == 0 || i == last) {
				w += 2
			}
			h.scores[v.role] += w
			h.said = append(h.said, t)
		}
		if r, ok := short[t]; ok && last < 3 && (i == 0 || i == last) {
			w := 4.0
			if r == CI || r == PValue {
				w = 5
			}
			h.scores[indexOf(r)] += w
			h.said = append(h.said, t)
		}
	}
	h.joined = "_" + strings.Join(h.tokens, "_") + "_"
	h.addPhrases()
	h.balance()
	return h
}

func (h *header) addPhrases() {
	for i := range phraseIndex {
		p := &phraseIndex[i]
		if strings.Contains(h.joined, p.text) &&
			(!p.first || strings.HasPrefix(h.joined, p.text)) && (!p.last || strings.HasSuffix(h.joined, p.text)) {
			h.scores[p.role] += p.weight
			h.said = append(h.said, strings.Trim(p.text, "_"))
		}
	}
}

type phraseText struct {
	text        string
	first, last bool
	role        roleIndex
	weight      float64
}

var phraseIndex = buildPhrases()

func buildPhrases() []phraseText {
	var out []phraseText
	for _, p := range phrases {
		for _, t := range strings.Fields(p.texts) {
			first, last := strings.HasPrefix(t, "^"), strings.HasSuffix(t, "$")
			t = "_" + strings.Trim(t, "^$_") + "_"
			if first && !last && strings.HasSuffix(p.texts, "cml_hazard") {
				t = strings.TrimSuffix(t, "_") // "surv" begins "survival"
			}
			out = append(out, phraseText{t, first, last, indexOf(p.role), p.weight})
		}
	}
	return out
}

// balance settles words of one header that speak for different roles.
func (h *header) balance() {
	s := &h.scores
	if n := len(h.tokens); n > 0 && (leadCount[h.tokens[0]] || leadCount[h.tokens[n-1]]) && s[iCount] > 0 && !h.codeNumber() {
		for _, r := range [...]roleIndex{iOrdinal, iCategory, iGeo, iDate, iBool, iOrgCode} {
			if r == iCategory && h.has("code", "codes", "snomed", "term") {
				continue
			}
			s[r] *= 0.3
		}
	}
	for _, r := range statistics {
		if s[r] == 0 || s[iCount]+s[iDenominator] == 0 || r == iRate && h.tokens[0] == "n" {
			continue
		}
		keep := 0.25
		switch r {
		case iRate, iPercent, iMin, iMax, iCI:
			keep = 0.35
		}
		s[iCount] *= keep
		s[iDenominator] *= keep
	}
	for _, r := range statistics {
		if s[r] >= 3.5 {
			for _, q := range [...]roleIndex{iCategory, iOrdinal, iGeo, iBool, iDate} {
				s[q] *= 0.3
			}
			break
		}
	}
	if s[iDenominator] > 0 && s[iCount] > 0 {
		s[iDenominator]++
	}
}

// codeNumber spots "week number" and "order_num", which number something.
func (h *header) codeNumber() bool {
	last := h.tokens[len(h.tokens)-1]
	return (last == "number" || last == "num") && h.has("id", "week", "order")
}

func (h *header) has(any ...string) bool {
	for _, t := range h.tokens {
		for _, a := range any {
			if t == a {
				return true
			}
		}
	}
	return false
}
