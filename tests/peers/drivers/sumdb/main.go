// Checks and makes ledger notes and proofs with Go's own packages (golang.org/x/mod/sumdb).
//
// `check` reads a list of pairs [kind, case] as JSON on stdin and prints a list of verdicts.
// `make` reads leaves and a key name and prints what Go's tree over them gives.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type proofCase struct {
	Text, Key     string
	Index, Size   int64
	First, Second int64
	Leaf, Root    string
	FirstRoot     string `json:"first_root"`
	SecondRoot    string `json:"second_root"`
	Proof         []string
}

func octets(text string) []byte {
	found, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return found
}

func hash(text string) (found tlog.Hash) {
	copy(found[:], octets(text))
	return found
}

func hashes(texts []string) (found []tlog.Hash) {
	for _, text := range texts {
		found = append(found, hash(text))
	}
	return found
}

func texts(found []tlog.Hash) []string {
	all := []string{}
	for _, one := range found {
		all = append(all, hex.EncodeToString(one[:]))
	}
	return all
}

// A cosigner is what sumdb/note lacks: the verifier of C2SP cosignature/v1.
type cosigner struct {
	name string
	key  []byte
}

func (c cosigner) Name() string { return c.name }

func (c cosigner) KeyHash() uint32 {
	sum := sha256.Sum256(append([]byte(c.name+"\n\x04"), c.key...))
	return binary.BigEndian.Uint32(sum[:])
}

func (c cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 72 {
		return false
	}
	at := binary.BigEndian.Uint64(signature)
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", at, text)
	return ed25519.Verify(c.key, []byte(message), signature[8:])
}

func verifier(kind, text string) (note.Verifier, error) {
	if kind == "note" {
		return note.NewVerifier(text)
	}
	parts := strings.SplitN(text, "+", 3)
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 33 || key[0] != 4 {
		return nil, fmt.Errorf("no cosigner's key: %s", text)
	}
	found := cosigner{parts[0], key[1:]}
	if fmt.Sprintf("%08x", found.KeyHash()) != parts[1] {
		return nil, fmt.Errorf("another key id: %s", text)
	}
	return found, nil
}

func isGood(kind string, one proofCase) bool {
	switch kind {
	case "note", "cosignature":
		key, err := verifier(kind, one.Key)
		if err != nil {
			return false
		}
		_, err = note.Open([]byte(one.Text), note.VerifierList(key))
		return err == nil
	case "inclusion":
		leaf := tlog.RecordHash(octets(one.Leaf))
		return tlog.CheckRecord(hashes(one.Proof), one.Size, hash(one.Root), one.Index, leaf) == nil
	case "consistency":
		return tlog.CheckTree(hashes(one.Proof), one.Second, hash(one.SecondRoot), one.First, hash(one.FirstRoot)) == nil
	}
	panic(kind)
}

func check() any {
	var given [][2]json.RawMessage
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		panic(err)
	}
	verdicts := [][2]any{}
	for _, pair := range given {
		var kind string
		var one proofCase
		if json.Unmarshal(pair[0], &kind) != nil || json.Unmarshal(pair[1], &one) != nil {
			panic("a pair that does not parse")
		}
		verdicts = append(verdicts, [2]any{kind, isGood(kind, one)})
	}
	return verdicts
}

type order struct {
	Leaves  []string
	SignKey string `json:"sign_key"`
	Origin  string
	Growths [][2]int64
}

func must[T any](found T, err error) T {
	if err != nil {
		panic(err)
	}
	return found
}

func make_() any {
	var given order
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		panic(err)
	}
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(places []int64) (found []tlog.Hash, err error) {
		for _, place := range places {
			found = append(found, stored[place])
		}
		return found, nil
	})
	for number, leaf := range given.Leaves {
		stored = append(stored, must(tlog.StoredHashes(int64(number), octets(leaf), reader))...)
	}
	size := int64(len(given.Leaves))
	roots, inclusions, consistencies := []tlog.Hash{}, [][]string{}, [][]string{}
	for count := int64(1); count <= size; count++ {
		roots = append(roots, must(tlog.TreeHash(count, reader)))
		inclusions = append(inclusions, texts(must(tlog.ProveRecord(size, count-1, reader))))
		consistencies = append(consistencies, texts(must(tlog.ProveTree(size, count, reader))))
	}
	tiles := [][]string{}
	for _, growth := range given.Growths {
		paths := []string{}
		for _, tile := range tlog.NewTiles(8, growth[0], growth[1]) {
			paths = append(paths, strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
		}
		tiles = append(tiles, paths)
	}
	root := roots[size-1]
	text := fmt.Sprintf("%s\n%d\n%s\n", given.Origin, size, base64.StdEncoding.EncodeToString(root[:]))
	signer := must(note.NewSigner(given.SignKey))
	return map[string]any{
		"roots": texts(roots), "inclusions": inclusions, "consistencies": consistencies,
		"tiles": tiles, "note": string(must(note.Sign(&note.Note{Text: text}, signer))),
	}
}

func main() {
	answer := any(nil)
	if os.Args[1] == "make" {
		answer = make_()
	} else {
		answer = check()
	}
	if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
		panic(err)
	}
}
