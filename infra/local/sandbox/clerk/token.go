package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// tokenRequest says what a session token claims. Only User is required.
type tokenRequest struct {
	User    string          `json:"user"`
	Org     string          `json:"org"`
	Role    string          `json:"role"`    // org:admin or admin; default: the membership's
	Perms   []string        `json:"perms"`   // org:<feature>:<permission>
	Version int             `json:"version"` // 1 or 2 (default)
	FVA     json.RawMessage `json:"fva"`     // default [0,-1]; null leaves it out
	AZP     *string         `json:"azp"`     // default the first authorized party; "" leaves it out
	STS     string          `json:"sts"`
	SID     string          `json:"sid"`
	TTL     int             `json:"ttl"` // seconds, default 60; below 0 is an expired token
	Act     json.RawMessage `json:"act"`
}

// defaultTTL is the life of the vendor's session tokens in seconds.
const defaultTTL = 60

// mint makes a session token of the wanted version.
func (s *server) mint(in tokenRequest) (string, error) {
	if in.User == "" || in.Version < 0 || in.Version > 2 {
		return "", invalid("form_param_invalid", "user is required, and version is 1 or 2")
	}
	now := s.now()
	claims := map[string]any{
		"iss": s.issuer, "sub": in.User, "sid": in.SID,
		"iat": now.Unix(), "nbf": now.Add(-10 * time.Second).Unix(), "exp": now.Unix() + int64(in.ttl()),
	}
	if in.SID == "" {
		claims["sid"] = newID("sess")
	}
	s.addOptional(claims, in)
	org, role := s.accounts.membershipOf(in.User, in.Org)
	if in.Role != "" {
		role = in.Role
	}
	if in.Version == 1 {
		addVersion1(claims, in, org.Slug, role)
	} else if err := addVersion2(claims, in, org.Slug, role); err != nil {
		return "", err
	}
	return s.keys.active().sign(claims)
}

func (in tokenRequest) ttl() int {
	if in.TTL == 0 {
		return defaultTTL
	}
	return in.TTL
}

func (s *server) addOptional(claims map[string]any, in tokenRequest) {
	azp := s.parties[0]
	if in.AZP != nil {
		azp = *in.AZP
	}
	if azp != "" {
		claims["azp"] = azp
	}
	switch {
	case in.FVA == nil:
		claims["fva"] = []int{0, -1}
	case string(in.FVA) != "null":
		claims["fva"] = in.FVA
	}
	if in.STS != "" {
		claims["sts"] = in.STS
	}
	if in.Act != nil {
		claims["act"] = in.Act
	}
}

func addVersion1(claims map[string]any, in tokenRequest, slug, role string) {
	if in.Org == "" {
		return
	}
	claims["org_id"], claims["org_slug"], claims["org_role"] = in.Org, slug, "org:"+strings.TrimPrefix(role, "org:")
	perms := in.Perms
	if perms == nil {
		perms = []string{}
	}
	claims["org_permissions"] = perms
}

func addVersion2(claims map[string]any, in tokenRequest, slug, role string) error {
	claims["v"], claims["jti"] = 2, newID("jti")
	if in.Org == "" {
		return nil
	}
	features, perms, masks, err := encodePermissions(in.Perms)
	if err != nil {
		return err
	}
	o := map[string]any{"id": in.Org, "slg": slug, "rol": strings.TrimPrefix(role, "org:")}
	if features != "" {
		claims["fea"], o["per"], o["fpm"] = features, perms, masks
	}
	claims["o"] = o
	return nil
}

// encodePermissions turns org:<feature>:<permission> into version 2's features, permissions and
// one bit mask per feature, whose bit j, least significant first, grants permission j.
func encodePermissions(list []string) (features, perms, masks string, err error) {
	var featureNames, permNames []string
	bits := map[string]uint64{}
	for _, p := range list {
		parts := strings.Split(p, ":")
		if len(parts) != 3 || parts[0] != "org" {
			return "", "", "", invalid("form_param_invalid", fmt.Sprintf("permission %q is not org:<feature>:<permission>", p))
		}
		featureNames = appendNew(featureNames, "o:"+parts[1])
		permNames = appendNew(permNames, parts[2])
		bits["o:"+parts[1]] |= 1 << indexOf(permNames, parts[2])
	}
	var numbers []string
	for _, f := range featureNames {
		numbers = append(numbers, strconv.FormatUint(bits[f], 10))
	}
	return strings.Join(featureNames, ","), strings.Join(permNames, ","), strings.Join(numbers, ","), nil
}

func appendNew(list []string, item string) []string {
	if indexOf(list, item) < len(list) {
		return list
	}
	return append(list, item)
}

// indexOf is len(list) for an item that is not there.
func indexOf(list []string, item string) int {
	for i, have := range list {
		if have == item {
			return i
		}
	}
	return len(list)
}

// sign makes the compact form of an RS256 token.
func (k signingKey) sign(claims map[string]any) (string, error) {
	head, err := json.Marshal(map[string]string{"alg": "RS256", "typ": "JWT", "kid": k.KID, "cat": "cl_B7d4PD111AAA"})
	if err != nil {
		return "", fmt.Errorf("encode token: %w", err)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode token: %w", err)
	}
	signed := encode(head) + "." + encode(body)
	sum := sha256.Sum256([]byte(signed))
	mac, err := rsa.SignPKCS1v15(rand.Reader, k.private, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return signed + "." + encode(mac), nil
}
