package main

import (
	"bufio"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// The little of RFC 6455 that both ends of an echo need: whole messages in one frame.

const (
	opContinuation = 0x0
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA
	largestFrame   = 1 << 20
)

// readFrame reads one frame, unmasked if it was masked.
func readFrame(from *bufio.Reader) (byte, []byte, error) {
	var head [2]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return 0, nil, err
	}
	length, masked := uint64(head[1]&0x7f), head[1]&0x80 != 0
	var more [8]byte
	switch length {
	case 126:
		if _, err := io.ReadFull(from, more[:2]); err != nil {
			return 0, nil, err
		}
		length = uint64(binary.BigEndian.Uint16(more[:2]))
	case 127:
		if _, err := io.ReadFull(from, more[:]); err != nil {
			return 0, nil, err
		}
		length = binary.BigEndian.Uint64(more[:])
	}
	if head[0]&0x80 == 0 || head[0]&0xf == opContinuation || length > largestFrame {
		return 0, nil, fmt.Errorf("a frame that is not expected here")
	}
	var mask [4]byte
	if masked {
		if _, err := io.ReadFull(from, mask[:]); err != nil {
			return 0, nil, err
		}
	}
	payload := make([]byte, length)
	if _, err := io.ReadFull(from, payload); err != nil {
		return 0, nil, err
	}
	if masked {
		applyMask(payload, mask)
	}
	return head[0] & 0xf, payload, nil
}

// frame is one frame with its payload, masked as a client's has to be.
func frame(operation byte, payload []byte, masked bool) []byte {
	out := make([]byte, 0, len(payload)+14)
	out = append(out, 0x80|operation)
	bit := byte(0)
	if masked {
		bit = 0x80
	}
	switch size := len(payload); {
	case size < 126:
		out = append(out, bit|byte(size))
	case size < 1<<16:
		out = append(out, bit|126)
		out = binary.BigEndian.AppendUint16(out, uint16(size))
	default:
		out = append(out, bit|127)
		out = binary.BigEndian.AppendUint64(out, uint64(size))
	}
	if !masked {
		return append(out, payload...)
	}
	var mask [4]byte
	_, _ = rand.Read(mask[:])
	out = append(out, mask[:]...)
	at := len(out)
	out = append(out, payload...)
	applyMask(out[at:], mask)
	return out
}

func applyMask(payload []byte, mask [4]byte) {
	wide := uint64(binary.LittleEndian.Uint32(mask[:]))
	wide |= wide << 32
	at := 0
	for ; at+8 <= len(payload); at += 8 {
		binary.LittleEndian.PutUint64(payload[at:], binary.LittleEndian.Uint64(payload[at:])^wide)
	}
	for ; at < len(payload); at++ {
		payload[at] ^= mask[at%4]
	}
}

func acceptFor(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// echo is a terminal that sends back each message as it came.
func echo(answer http.ResponseWriter, request *http.Request) {
	hijacker, able := answer.(http.Hijacker)
	if !able || !strings.EqualFold(request.Header.Get("Upgrade"), "websocket") {
		http.Error(answer, "a WebSocket is wanted", http.StatusBadRequest)
		return
	}
	connection, buffered, err := hijacker.Hijack()
	if err != nil {
		return
	}
	defer connection.Close()
	protocol, _, _ := strings.Cut(request.Header.Get("Sec-WebSocket-Protocol"), ",")
	fmt.Fprintf(connection, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: %s\r\n", acceptFor(request.Header.Get("Sec-WebSocket-Key")))
	if protocol != "" {
		fmt.Fprintf(connection, "Sec-WebSocket-Protocol: %s\r\n", protocol)
	}
	fmt.Fprint(connection, "\r\n")
	for {
		operation, payload, err := readFrame(buffered.Reader)
		if err != nil {
			return
		}
		switch operation {
		case opPing:
			operation = opPong
		case opPong:
			continue
		}
		if _, err := connection.Write(frame(operation, payload, false)); err != nil || operation == opClose {
			return
		}
	}
}
