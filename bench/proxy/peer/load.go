package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"time"
)

// order is one line of JSON on standard input: what to do, and to whom.
type order struct {
	// Do is "get", "echo", "hold" (idle WebSockets), "drip" (slow downloads), or "release" (ends what is held).
	Do          string            `json:"do"`
	Address     string            `json:"address"`
	Authority   string            `json:"authority"`
	Path        string            `json:"path"`
	Headers     map[string]string `json:"headers"`
	Connections int               `json:"connections"`
	Seconds     float64           `json:"seconds"`
	// Requests of all connections together, instead of a time.
	Requests int `json:"requests"`
	// Size of a message, in bytes.
	Size int `json:"size"`
	// Rate at which a download is read, in bytes a second.
	Rate int `json:"rate"`
	// CA is a PEM file; with it TLS is spoken.
	CA string `json:"ca"`
}

// report is the line that answers an order.
type report struct {
	Requests int     `json:"requests"`
	Seconds  float64 `json:"seconds"`
	Bytes    int64   `json:"bytes"`
	P50      float64 `json:"p50_us"`
	P99      float64 `json:"p99_us"`
	Failures int     `json:"failures"`
	Failure  string  `json:"failure"`
	// Of the first answer of the first connection; all others have to be as long.
	SHA256   string `json:"sha256"`
	Encoding string `json:"encoding"`
	Body     string `json:"body"`
}

// runLoad obeys orders until its input ends. It is one program for all of a run, so that nothing of it starts up while
// something is measured.
func runLoad([]string) error {
	input := json.NewDecoder(os.Stdin)
	output := json.NewEncoder(os.Stdout)
	held := &holding{}
	defer held.release()
	for {
		var next order
		if err := input.Decode(&next); err != nil {
			return nil
		}
		var said report
		switch next.Do {
		case "get":
			said = closedLoop(next, getter)
		case "echo":
			said = closedLoop(next, echoer)
		case "hold":
			said = held.open(next, holdSocket)
		case "drip":
			said = held.open(next, holdDownload)
		case "release":
			held.release()
		default:
			said.Failure = fmt.Sprintf("there is no order %q", next.Do)
		}
		if err := output.Encode(said); err != nil {
			return err
		}
	}
}

// turn is one request and its answer, or one message and its echo; it returns the bytes that came.
type turn func() (int64, error)

// opener readies a connection; what the first answer was goes into the report, for the first of them.
type opener func(next order, said *report) (turn, net.Conn, error)

// closedLoop has each connection ask again as soon as it is answered, until the time is over or all is asked.
func closedLoop(next order, open opener) report {
	var (
		said    report
		lock    sync.Mutex
		all     []float64
		workers sync.WaitGroup
		turns   = make([]turn, next.Connections)
	)
	fail := func(err error) {
		lock.Lock()
		defer lock.Unlock()
		said.Failures++
		said.Failure = err.Error()
	}
	for at := range turns {
		first := &report{}
		ask, connection, err := open(next, first)
		if err != nil {
			fail(err)
			return said
		}
		defer connection.Close()
		turns[at] = ask
		if at == 0 {
			said.SHA256, said.Encoding, said.Body = first.SHA256, first.Encoding, first.Body
		}
	}
	begun := time.Now()
	end := begun.Add(time.Duration(next.Seconds * float64(time.Second)))
	for at, ask := range turns {
		workers.Go(func() {
			var took []float64
			var came int64
			// The first of them take one more where it doesn't divide.
			share := (next.Requests + next.Connections - 1 - at) / next.Connections
			for goOn(next, len(took), share, end) {
				asked := time.Now()
				size, err := ask()
				if err != nil {
					fail(err)
					break
				}
				took = append(took, float64(time.Since(asked).Microseconds()))
				came += size
			}
			lock.Lock()
			defer lock.Unlock()
			all = append(all, took...)
			said.Bytes += came
		})
	}
	workers.Wait()
	said.Seconds = time.Since(begun).Seconds()
	said.Requests = len(all)
	if len(all) > 0 {
		slices.Sort(all)
		said.P50, said.P99 = all[len(all)/2], all[len(all)*99/100]
	}
	return said
}

func goOn(next order, done, share int, end time.Time) bool {
	if next.Requests > 0 {
		return done < share
	}
	return time.Now().Before(end)
}

func echoer(next order, _ *report) (turn, net.Conn, error) {
	connection, from, err := upgraded(next)
	if err != nil {
		return nil, nil, err
	}
	payload := make([]byte, next.Size)
	return func() (int64, error) {
		if _, err := connection.Write(frame(opBinary, payload, true)); err != nil {
			return 0, err
		}
		for {
			operation, back, err := readFrame(from)
			switch {
			case err != nil:
				return 0, err
			case operation == opPing:
				_, _ = connection.Write(frame(opPong, back, true))
			case operation == opBinary && len(back) == len(payload):
				return int64(len(back)), nil
			default:
				return 0, fmt.Errorf("frame %d of %d bytes instead of the echo", operation, len(back))
			}
		}
	}, connection, nil
}

// holding is what stays open between orders.
type holding struct {
	connections []net.Conn
	readers     sync.WaitGroup
}

type holder func(next order, held *holding) (net.Conn, error)

func (held *holding) open(next order, hold holder) report {
	begun := time.Now()
	for range next.Connections {
		connection, err := hold(next, held)
		if err != nil {
			return report{Requests: len(held.connections), Failures: 1, Failure: err.Error()}
		}
		held.connections = append(held.connections, connection)
	}
	return report{Requests: len(held.connections), Seconds: time.Since(begun).Seconds()}
}

func (held *holding) release() {
	for _, connection := range held.connections {
		_ = connection.Close()
	}
	held.readers.Wait()
	held.connections = nil
}

// holdSocket is an idle WebSocket, which answers pings.
func holdSocket(next order, held *holding) (net.Conn, error) {
	connection, from, err := upgraded(next)
	if err != nil {
		return nil, err
	}
	held.readers.Go(func() {
		for {
			operation, payload, err := readFrame(from)
			if err != nil {
				return
			}
			if operation == opPing {
				_, _ = connection.Write(frame(opPong, payload, true))
			}
		}
	})
	return connection, nil
}

// holdDownload reads an answer that never ends, ten pieces a second.
func holdDownload(next order, held *holding) (net.Conn, error) {
	connection, err := dial(next)
	if err != nil {
		return nil, err
	}
	if _, err := connection.Write(requestHead(next, nil)); err != nil {
		return nil, err
	}
	from := bufio.NewReaderSize(connection, 4<<10)
	if _, err := readHead(from); err != nil {
		return nil, err
	}
	held.readers.Go(func() {
		piece := make([]byte, next.Rate/10)
		for {
			if _, err := from.Read(piece); err != nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
	return connection, nil
}
