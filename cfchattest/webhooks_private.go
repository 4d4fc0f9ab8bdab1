package cfchattest

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// privateRanges are the non-public addresses besides those that package netip knows: those of the host's own network,
// carrier-grade NAT, and reserved ones including broadcast. That servers refuse all of these is (unseen).
var privateRanges = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("240.0.0.0/4"),
}

// isPrivate reports whether a host is a non-public address. Names other than those of the host itself are treated as public.
func isPrivate(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, ok := parseAddress(host)
	if !ok {
		return false
	}
	ip = ip.Unmap()
	return ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() ||
		slices.ContainsFunc(privateRanges, func(r netip.Prefix) bool { return r.Contains(ip) })
}

// parseAddress reads an address as the C library does, which reads 127.1, 0x7f.0.0.1 and 2130706433 as 127.0.0.1.
func parseAddress(host string) (netip.Addr, bool) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip, true
	}
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var sum uint64
	for i, part := range parts {
		bits := 8
		if i == len(parts)-1 {
			bits = 8 * (5 - len(parts)) // the last part fills all remaining bytes
		}
		n, err := strconv.ParseUint(part, 0, bits)
		if err != nil {
			return netip.Addr{}, false
		}
		sum = sum<<bits | n
	}
	var out [4]byte
	binary.BigEndian.PutUint32(out[:], uint32(sum))
	return netip.AddrFrom4(out), true
}
