package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the addresses of the proxies in front of the service, whose word
// on where a request came from counts.
type Proxies []netip.Prefix

// ParseProxies reads addresses ("127.0.0.1") and networks ("10.1.0.0/16").
func ParseProxies(list []string) (Proxies, error) {
	var out Proxies
	for _, text := range list {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, err := netip.ParseAddr(text)
			if err != nil || a.Zone() != "" {
				return nil, fmt.Errorf("%q is no address and no network", text)
			}
			p = netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen())
		}
		if p.Bits() == 0 {
			return nil, fmt.Errorf("%q would trust everybody", text)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

func (p Proxies) trusts(a netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(a) {
			return true
		}
	}
	return false
}

// forwarded are the headers by which proxies say what they did. None is looked
// at after Settle.
var forwarded = [...]string{
	"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto", "X-Forwarded-Prefix", "X-Forwarded-Ssl",
	"X-Forwarded-Protocol", "X-Url-Scheme", "X-Real-Ip", "X-Http-Method-Override", "X-Original-Url", "X-Rewrite-Url",
}

// Settle puts the address that a request really came from into its RemoteAddr:
// that of the nearest sender that is not one of the proxies, as they tell it by
// X-Forwarded-For. What anybody else says of themselves is taken out of the
// request, with all other headers that would say where it came from or went to.
func (p Proxies) Settle(r *http.Request) {
	told := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
	for _, name := range forwarded {
		r.Header.Del(name)
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || told == "" || !p.trusts(peer.Addr().Unmap()) {
		return
	}
	at := peer.Addr().Unmap()
	hops := strings.Split(told, ",")
	for i := len(hops) - 1; i >= 0 && p.trusts(at); i-- {
		a, err := address(strings.TrimSpace(hops[i]))
		if err != nil {
			break // a proxy that we trust wrote this: what is left of it is hearsay
		}
		at = a
	}
	r.RemoteAddr = netip.AddrPortFrom(at, 0).String()
}

// address reads an address with or without a port.
func address(text string) (netip.Addr, error) {
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return ap.Addr().Unmap().WithZone(""), nil
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	return a.Unmap().WithZone(""), err
}
