package checks

// How to mend a file, where several checks ask for the same.
const (
	roundR = `roundmid_any <- function(x, to = 6) ceiling(x / to) * to - (floor(to / 2) * (x != 0))
df <- df |> mutate(n_midpoint6 = roundmid_any(n, 6)) |> select(-n)
# or, to the nearest 5: mutate(n = round(n / 5) * 5)
# compute rates and totals from the rounded counts, afterwards`
	roundPy = `df["n"] = (df["n"] / 5).round() * 5
# or to midpoint 6: np.ceil(df["n"] / 6) * 6 - 3 * (df["n"] > 0)
# compute rates and totals from the rounded counts, afterwards`
	mergeGroupsR = `df <- df |>
  mutate(age_group = if_else(age_group %in% c("65-79", "80+"), "65+", age_group)) |>
  group_by(region, sex, age_group) |>
  summarise(n = sum(n), total = sum(total), .groups = "drop")`
	mergeGroupsPy = `df["age_group"] = df["age_group"].replace({"65-79": "65+", "80+": "65+"})
df = df.groupby(["region", "sex", "age_group"], as_index=False)[["n", "total"]].sum()`
	fewerRowsR = `df <- df |>
  group_by(region, sex) |>
  summarise(n = sum(n), .groups = "drop")
# then redact and round n; or write independent tables to files of their own`
	fewerRowsPy = `df = df.groupby(["region", "sex"], as_index=False)["n"].sum()
# then redact and round n; or write independent tables to files of their own`
)
