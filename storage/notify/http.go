package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"

	"sallyport/review"
)

// Endpoint is an address that notices are posted to.
type Endpoint struct {
	URL string // https, or http to a loopback address
	// Private lets the address be one of a private network.
	Private bool
}

// maxAnswer is how much of an answer is read.
const maxAnswer = 64 << 10

// poster posts to one endpoint, and nowhere else.
type poster struct {
	url    string
	client *http.Client
}

// newPoster refuses an address that cannot be a channel's.
func newPoster(e Endpoint) (*poster, error) {
	u, err := url.Parse(e.URL)
	if err != nil {
		return nil, errors.New("the address cannot be read") // it may hold a secret
	}
	if u.Host == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && (u.Scheme != "http" || !e.Private) {
		return nil, errors.New("the address has to begin with https:// and name a host, without a user; http:// is for a private network only")
	}
	guard := &net.Dialer{Timeout: timeout, Control: func(_, address string, _ syscall.RawConn) error { return reachable(address, e.Private) }}
	return &poster{u.String(), &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DialContext: guard.DialContext, TLSHandshakeTimeout: timeout, MaxIdleConns: 2, ForceAttemptHTTP2: true}, // no proxy: the address that is dialled is the one that is guarded
	}}, nil
}

// errPrivate says that a name led to where its channel may not go.
var errPrivate = errors.New("the address is one of a private network")

// reachable refuses to connect to addresses inside: a name may lead there
// although it looks public.
func reachable(address string, private bool) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	ip := at.Addr().Unmap()
	switch {
	case ip.IsUnspecified() || ip.IsMulticast() || ip.IsLinkLocalUnicast():
		return errPrivate // also where clouds keep their machines' credentials
	case private || ip.IsGlobalUnicast() && !ip.IsPrivate() && !ip.IsLoopback() && !shared(ip):
		return nil
	}
	return errPrivate
}

// shared reports addresses that carriers share, which are no more public.
func shared(ip netip.Addr) bool { return netip.MustParsePrefix("100.64.0.0/10").Contains(ip) }

// post sends JSON and returns the answer to it; an answer that is not of the
// 200s is an error.
func (p *poster) post(ctx context.Context, body []byte, header http.Header) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header = header
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "sallyport")
	resp, err := p.client.Do(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // without the address, which may hold a secret
		}
		message := "The address could not be reached, or did not answer in time."
		if errors.Is(err, errPrivate) {
			message = "The address is one of a private network, where the channel may not go."
		}
		return nil, &review.Error{Kind: review.Unavailable, Message: message, Err: err}
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, review.Errorf(review.Unavailable, "The receiver answered with status %d.", resp.StatusCode)
	}
	return answer, err
}

// postJSON sends a value.
func (p *poster) postJSON(ctx context.Context, v any, header http.Header) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("notify: %w", err)
	}
	return p.post(ctx, body, header)
}
