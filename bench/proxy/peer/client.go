package main

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A client of HTTP/1.1 that costs next to nothing: what drives a proxy must not be what is measured.

const (
	patience     = 30 * time.Second
	readBuffer   = 64 << 10
	longestShown = 256
)

type head struct {
	status   int
	length   int64
	chunked  bool
	encoding string
	accept   string
}

func dial(next order) (net.Conn, error) {
	connection, err := net.DialTimeout("tcp", next.Address, patience)
	if err != nil || next.CA == "" {
		return connection, err
	}
	roots, err := certificates(next.CA)
	if err != nil {
		return nil, err
	}
	return tls.Client(connection, &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}), nil
}

// requestHead is a GET with the headers of the order, in the order of their names.
func requestHead(next order, more []string) []byte {
	lines := []string{"GET " + next.Path + " HTTP/1.1", "Host: " + next.Authority}
	var named []string
	for name, value := range next.Headers {
		named = append(named, name+": "+value)
	}
	slices.Sort(named)
	return []byte(strings.Join(slices.Concat(lines, named, more), "\r\n") + "\r\n\r\n")
}

func getter(next order, said *report) (turn, net.Conn, error) {
	connection, err := dial(next)
	if err != nil {
		return nil, nil, err
	}
	request := requestHead(next, nil)
	from := bufio.NewReaderSize(connection, readBuffer)
	ask := func(to io.Writer) (head, int64, error) {
		if _, err := connection.Write(request); err != nil {
			return head{}, 0, err
		}
		got, err := readHead(from)
		if err != nil {
			return got, 0, err
		}
		if got.status != http.StatusOK {
			return got, 0, fmt.Errorf("status %d", got.status)
		}
		size, err := readBody(from, got, to)
		return got, size, err
	}
	digest, beginning := sha256.New(), &strings.Builder{}
	got, expected, err := ask(io.MultiWriter(digest, &limited{beginning}))
	if err != nil {
		return nil, nil, err
	}
	said.SHA256, said.Encoding, said.Body = hex.EncodeToString(digest.Sum(nil)), got.encoding, beginning.String()
	return func() (int64, error) {
		_, size, err := ask(io.Discard)
		if err == nil && size != expected {
			err = fmt.Errorf("%d bytes instead of %d", size, expected)
		}
		return size, err
	}, connection, nil
}

// limited keeps the beginning of what is written.
type limited struct{ kept *strings.Builder }

func (limit *limited) Write(piece []byte) (int, error) {
	if room := longestShown - limit.kept.Len(); room > 0 {
		limit.kept.Write(piece[:min(room, len(piece))])
	}
	return len(piece), nil
}

func readHead(from *bufio.Reader) (head, error) {
	got := head{length: -1}
	line, err := from.ReadSlice('\n')
	if err != nil {
		return got, err
	}
	if len(line) < 12 {
		return got, fmt.Errorf("%q is no status line", line)
	}
	if got.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return got, err
	}
	for {
		line, err = from.ReadSlice('\n')
		if err != nil {
			return got, err
		}
		if len(line) <= 2 {
			return got, nil
		}
		name, value, _ := strings.Cut(strings.TrimSpace(string(line)), ":")
		value = strings.TrimSpace(value)
		switch {
		case strings.EqualFold(name, "Content-Length"):
			if got.length, err = strconv.ParseInt(value, 10, 64); err != nil {
				return got, err
			}
		case strings.EqualFold(name, "Transfer-Encoding"):
			got.chunked = strings.EqualFold(value, "chunked")
		case strings.EqualFold(name, "Content-Encoding"):
			got.encoding = value
		case strings.EqualFold(name, "Sec-WebSocket-Accept"):
			got.accept = value
		}
	}
}

func readBody(from *bufio.Reader, got head, to io.Writer) (int64, error) {
	switch {
	case got.chunked:
		size, err := io.Copy(to, httputil.NewChunkedReader(from))
		if err == nil {
			// The empty line after the last chunk.
			_, err = from.ReadSlice('\n')
		}
		return size, err
	case got.length < 0:
		return 0, fmt.Errorf("an answer of unknown length")
	case to == io.Discard:
		size, err := from.Discard(int(got.length))
		return int64(size), err
	}
	return io.CopyN(to, from, got.length)
}

// upgraded is a WebSocket connection, with its reader behind the head of the answer.
func upgraded(next order) (net.Conn, *bufio.Reader, error) {
	connection, err := dial(next)
	if err != nil {
		return nil, nil, err
	}
	random := make([]byte, 16)
	_, _ = rand.Read(random)
	key := base64.StdEncoding.EncodeToString(random)
	upgrade := []string{
		"Connection: Upgrade",
		"Upgrade: websocket",
		"Sec-WebSocket-Version: 13",
		"Sec-WebSocket-Key: " + key,
		"Sec-WebSocket-Protocol: v5.channel.k8s.io",
	}
	if _, err := connection.Write(requestHead(next, upgrade)); err != nil {
		return nil, nil, err
	}
	from := bufio.NewReaderSize(connection, 4<<10)
	got, err := readHead(from)
	if err == nil && (got.status != http.StatusSwitchingProtocols || got.accept != acceptFor(key)) {
		err = fmt.Errorf("the upgrade was answered with %d", got.status)
	}
	return connection, from, err
}
