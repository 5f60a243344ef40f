package main

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const shortestBearer = 64

// runUpstream serves, over TLS and HTTP/1.1, what the rows of the measurement ask an API server for. Whoever shows no
// bearer token gets nothing: a proxy that has lost it would look fast.
func runUpstream(arguments []string) error {
	flags := flag.NewFlagSet("upstream", flag.ExitOnError)
	certificate := flags.String("cert", "", "the server's certificate, a PEM file")
	key := flags.String("key", "", "its key, a PEM file")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	routes := http.NewServeMux()
	routes.HandleFunc("/api/v1/small", fixed(list(2<<10), ""))
	routes.HandleFunc("/api/v1/medium", fixed(list(200<<10), ""))
	routes.HandleFunc("/api/v1/packed", fixed(packed(random(266<<10)), "gzip"))
	routes.HandleFunc("/api/v1/large", fixed(list(5<<20), ""))
	routes.HandleFunc("/api/v1/bearer", bearerSize)
	routes.HandleFunc("/api/v1/events", events)
	routes.HandleFunc("/api/v1/endless", endless)
	routes.HandleFunc("/api/v1/namespaces/shop/pods/web-1/exec", echo)
	listener, err := announced()
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: signedIn(routes),
		// HTTP/1.1, as both proxies ask for it.
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
		// Clients that go away in the middle of a handshake or a download are no news.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	return server.ServeTLS(listener, *certificate, *key)
}

func signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		bearer, found := strings.CutPrefix(request.Header.Get("Authorization"), "Bearer ")
		if !found || len(bearer) < shortestBearer || request.Header.Get("Cookie") != "" {
			http.Error(answer, "exactly a bearer token is wanted", http.StatusUnauthorized)
			return
		}
		// Names and sizes as an API server's own.
		header := answer.Header()
		header.Set("Audit-Id", "6c1d2f64-3d1c-4c8f-9a55-0b1f5d1a7c10")
		header.Set("Cache-Control", "no-cache, private")
		header.Set("X-Kubernetes-Pf-Flowschema-Uid", "0ba3e4a5-3f64-4f0e-8f8a-6a5a6dd2f1c7")
		header.Set("X-Kubernetes-Pf-Prioritylevel-Uid", "b9b5d9f1-3f0a-4c57-8f3e-5b6d5b1e9a77")
		next.ServeHTTP(answer, request)
	})
}

// bearerSize says how long the token of the request is, so that both proxies can be given tokens of one size.
func bearerSize(answer http.ResponseWriter, request *http.Request) {
	fmt.Fprint(answer, len(request.Header.Get("Authorization"))-len("Bearer "))
}

func fixed(body []byte, encoding string) http.HandlerFunc {
	length := strconv.Itoa(len(body))
	return func(answer http.ResponseWriter, _ *http.Request) {
		header := answer.Header()
		header.Set("Content-Type", "application/json")
		header.Set("Content-Length", length)
		if encoding != "" {
			header.Set("Content-Encoding", encoding)
		}
		_, _ = answer.Write(body)
	}
}

// events is a watch: one event of some 290 bytes every `every` milliseconds, until the client goes.
func events(answer http.ResponseWriter, request *http.Request) {
	pause, err := strconv.Atoi(request.URL.Query().Get("every"))
	if err != nil || pause < 1 {
		pause = 50
	}
	event := append(list(290), '\n')
	answer.Header().Set("Content-Type", "application/json;stream=watch")
	ticker := time.NewTicker(time.Duration(pause) * time.Millisecond)
	defer ticker.Stop()
	for {
		if _, err := answer.Write(event); err != nil {
			return
		}
		answer.(http.Flusher).Flush()
		select {
		case <-request.Context().Done():
			return
		case <-ticker.C:
		}
	}
}

// endless sends as fast as it is read, for ever.
func endless(answer http.ResponseWriter, _ *http.Request) {
	piece := list(64 << 10)
	for {
		if _, err := answer.Write(piece); err != nil {
			return
		}
	}
}

// list is JSON of exactly `size` bytes.
func list(size int) []byte {
	const head, tail = `{"kind":"PodList","apiVersion":"v1","items":["`, `"]}`
	return []byte(head + strings.Repeat("x", size-len(head)-len(tail)) + tail)
}

// random is JSON of `size` bytes that gzip makes a quarter smaller, and no more.
func random(size int) []byte {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
	state := uint32(1)
	filled := list(size)
	for at, letter := range filled {
		if letter == 'x' {
			state = state*1664525 + 1013904223
			filled[at] = letters[state>>26]
		}
	}
	return filled
}

func packed(body []byte) []byte {
	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
	_, _ = writer.Write(body)
	_ = writer.Close()
	return out.Bytes()
}
