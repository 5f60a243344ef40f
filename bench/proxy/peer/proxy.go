package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
)

const (
	prefix      = "/clusters/main"
	tokenCookie = "headlamp-auth-main."
)

// runProxy serves a bare httputil.ReverseProxy with what a server like this has to do to a request: the token is put
// together from its cookies, goes up as a bearer, and no cookie does.
func runProxy(arguments []string) error {
	flags := flag.NewFlagSet("proxy", flag.ExitOnError)
	server := flags.String("server", "", "the API server's URL")
	ca := flags.String("ca", "", "its certificate authority, a PEM file")
	kept := flags.Int("kept", http.DefaultMaxIdleConnsPerHost, "how many idle connections to it are kept")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	target, err := url.Parse(*server)
	if err != nil {
		return err
	}
	roots, err := certificates(*ca)
	if err != nil {
		return err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns = *kept
	transport.MaxIdleConnsPerHost = *kept
	transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	// HTTP/1.1, which is the cheaper one of the two towards an API server.
	transport.ForceAttemptHTTP2 = false
	transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	listener, err := announced()
	if err != nil {
		return err
	}
	return http.Serve(listener, &httputil.ReverseProxy{
		Transport: transport,
		Rewrite:   func(request *httputil.ProxyRequest) { rewrite(request, target) },
	})
}

func rewrite(request *httputil.ProxyRequest, target *url.URL) {
	request.Out.URL.Path = strings.TrimPrefix(request.In.URL.Path, prefix)
	request.Out.URL.RawPath = strings.TrimPrefix(request.In.URL.RawPath, prefix)
	request.SetURL(target)
	request.Out.Header.Del("Cookie")
	if token := tokenOf(request.In); token != "" {
		request.Out.Header.Set("Authorization", "Bearer "+token)
	}
}

// tokenOf joins the parts of the token, in the order of their numbers: a cookie holds 4 KB.
func tokenOf(request *http.Request) string {
	parts := map[int]string{}
	for _, cookie := range request.Cookies() {
		if number, found := strings.CutPrefix(cookie.Name, tokenCookie); found {
			if at, err := strconv.Atoi(number); err == nil {
				parts[at] = cookie.Value
			}
		}
	}
	if len(parts) == 1 {
		return parts[0]
	}
	var token strings.Builder
	for at := range len(parts) {
		token.WriteString(parts[at])
	}
	return token.String()
}

func certificates(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return roots, nil
}
