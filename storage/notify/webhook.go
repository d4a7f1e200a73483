package notify

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"sallyport/review"
)

// Webhook posts notices with signatures of the Standard Webhooks kind.
type Webhook struct {
	to     *poster
	signer *webhooks.Webhook
	now    review.Clock
}

// NewWebhook prepares a channel. The secret is as the receiver has it: base64,
// mostly with whsec_ before it, of 24 bytes at least.
func NewWebhook(e Endpoint, secret string, now review.Clock) (*Webhook, error) {
	to, err := newPoster(e)
	if err != nil {
		return nil, err
	}
	signer, err := webhooks.NewWebhook(secret)
	if err != nil || len(secret) < 32 { // 24 bytes in base64
		return nil, errors.New("the secret of a webhook is base64 of 24 bytes at least, with or without whsec_ before it")
	}
	return &Webhook{to, signer, now}, nil
}

// hook is what a webhook is sent.
type hook struct {
	Type      string    `json:"type"` // "notice.returned", ...
	Timestamp time.Time `json:"timestamp"`
	Data      hookData  `json:"data"`
}

type hookData struct {
	Kind      review.NoticeKind    `json:"kind"`
	Subject   string               `json:"subject"`
	Text      string               `json:"text"`
	Request   review.RequestID     `json:"request,omitempty"`
	Workspace review.WorkspaceName `json:"workspace,omitempty"`
	Project   string               `json:"project,omitempty"`
	Requester string               `json:"requester,omitempty"`
	Purpose   string               `json:"purpose,omitempty"`
	Link      string               `json:"link"`
}

// Send posts a notice; webhook-id is the notice's, again and again.
func (w *Webhook) Send(ctx context.Context, n review.Notice) error {
	body, err := json.Marshal(hook{
		"notice." + string(n.Kind), n.At.UTC(),
		hookData{n.Kind, n.Subject, n.Text, n.Request, n.Workspace, n.Project, n.Requester, n.Purpose, n.Link},
	})
	if err != nil {
		return err
	}
	at := w.now()
	signature, err := w.signer.Sign(n.ID, at, body)
	if err != nil {
		return err
	}
	header := http.Header{}
	header.Set(webhooks.HeaderWebhookID, n.ID)
	header.Set(webhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	header.Set(webhooks.HeaderWebhookSignature, signature)
	_, err = w.to.post(ctx, body, header)
	return err
}
