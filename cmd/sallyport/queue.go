package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"sallyport/cmd/sallyport/internal/report"
	"sallyport/policy"
	"sallyport/review"
	"sallyport/ui/filing"
)

type queueCommand struct {
	remoteFlags `embed:""`
	Mine        bool   `xor:"which" help:"What is routed to you; the default unless you are a lead."`
	Board       bool   `xor:"which" help:"All open reviews and everyone's load (lead checkers); the default for a lead."`
	Format      string `enum:"text,json" default:"text" help:"text or json (default ${default}); json is the answer of the programming interface."`
}

func (queueCommand) Help() string {
	return `A lead sees all open reviews and everyone's load; a checker sees what is routed
to them, most urgent first.` + "\n" + tokenHelp
}

func (c queueCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	board := c.Board
	if !board && !c.Mine {
		var me struct {
			Roles []policy.Role `json:"roles"`
		}
		if err := read(ctx, client, "/me", &me); err != nil {
			return err
		}
		roles := policy.Effective(me.Roles)
		board = policy.Somewhere(roles, policy.QueueAll)
		if !board && !policy.Somewhere(roles, policy.QueueView) {
			return errors.New("you have no queue: lead checkers and output checkers have one")
		}
	}
	where, text := "/queue?limit=200", queueText
	if board {
		where, text = "/board", boardText
	}
	if c.Format == "json" {
		return a.raw(ctx, client, where)
	}
	data, err := client.Raw(ctx, where)
	if err != nil {
		return err
	}
	t := &lines{}
	if err := text(t, data); err != nil {
		return err
	}
	return a.say("%s", t.String())
}

func queueText(t *lines, data []byte) error {
	var q struct {
		Items []struct {
			Request  filing.Summary  `json:"request"`
			Files    int             `json:"files"`
			Decided  int             `json:"decided"`
			Overdue  bool            `json:"overdue"`
			YourTurn bool            `json:"your_turn"`
			State    string          `json:"state"`
			Worst    policy.Severity `json:"worst"`
		} `json:"items"`
	}
	if err := json.Unmarshal(data, &q); err != nil {
		return fmt.Errorf("the server's answer cannot be understood: %w", err)
	}
	for _, i := range q.Items {
		t.add("%s  %-28s  due %s%s  %d of %d decided  worst %s  %s", i.Request.ID, i.Request.Workspace,
			dueDay(i.Request), late(i.Overdue), i.Decided, i.Files, i.Worst, i.State)
	}
	if len(q.Items) == 0 {
		t.add("Nothing is routed to you.")
	}
	return nil
}

func boardText(t *lines, data []byte) error {
	var b struct {
		Requests []struct {
			Request filing.Summary `json:"request"`
			Seats   []struct {
				Checker review.Username `json:"checker"`
			} `json:"seats"`
			Overdue  bool `json:"overdue"`
			Unrouted bool `json:"unrouted"`
		} `json:"requests"`
		Checkers []struct {
			Username review.Username `json:"username"`
			Open     int             `json:"open"`
			Overdue  int             `json:"overdue"`
			Away     bool            `json:"away"`
			Trained  bool            `json:"trained"`
		} `json:"checkers"`
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return fmt.Errorf("the server's answer cannot be understood: %w", err)
	}
	for _, r := range b.Requests {
		var who []string
		for _, s := range r.Seats {
			who = append(who, string(s.Checker))
		}
		if r.Unrouted {
			who = append(who, "a seat is free")
		}
		t.add("%s  %-28s  due %s%s  %s  %s", r.Request.ID, r.Request.Workspace, dueDay(r.Request), late(r.Overdue), filing.Words(r.Request.Status), strings.Join(who, ", "))
	}
	if len(b.Requests) == 0 {
		t.add("No review is open.")
	}
	var load []string
	for _, c := range b.Checkers {
		note := fmt.Sprintf("%s: %d open, %d overdue", c.Username, c.Open, c.Overdue)
		if c.Away {
			note += ", away"
		}
		if !c.Trained {
			note += ", training not current"
		}
		load = append(load, note)
	}
	t.list("Checkers:", load)
	return nil
}

func dueDay(s filing.Summary) string { return s.Due.Format("2006-01-02") }

func late(overdue bool) string {
	if overdue {
		return " OVERDUE"
	}
	return ""
}

// lines is text for a terminal. What others wrote is made safe for it.
type lines struct{ strings.Builder }

func (t *lines) add(format string, args ...any) {
	for i, line := range strings.Split(strings.TrimRight(fmt.Sprintf(format, args...), "\n"), "\n") {
		if i > 0 {
			t.WriteString("    ")
		}
		for part := range slices.Chunk([]rune(line), 100) {
			t.WriteString(report.Safe(string(part)))
		}
		t.WriteString("\n")
	}
}

func (t *lines) list(head string, items []string) {
	if len(items) == 0 {
		return
	}
	t.add("%s", head)
	for _, i := range items {
		t.add("  %s", i)
	}
}

// requestPath is the address of a request below /api/v1.
func requestPath(id string) string { return "/requests/" + url.PathEscape(id) }

// raw prints an answer of the interface as it is, laid out.
func (a *app) raw(ctx context.Context, client *filing.Client, path string) error {
	data, err := client.Raw(ctx, path)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, data, "", "  "); err != nil {
		return fmt.Errorf("the server's answer cannot be understood: %w", err)
	}
	return a.say("%s\n", b.String())
}

func read(ctx context.Context, client *filing.Client, path string, out any) error {
	data, err := client.Raw(ctx, path)
	if err == nil {
		err = json.Unmarshal(data, out)
	}
	return err
}
