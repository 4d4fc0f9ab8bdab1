// Package cfchat is a client for the conversations of ClickFunnels Chat, their messages and contacts, for servers of every
// version from 2.16 to 4.16.
//
//	chat, err := cfchat.New(cfchat.Config{
//		Keys: auth.Keys{User: auth.NewKey(os.Getenv("CFCHAT_USER_API_KEY"))},
//	})
//	if err != nil {
//		log.Fatal(err)
//	}
//	page, err := chat.Account(56).Conversations.List(context.Background(), cfchat.ConversationListOptions{})
//	if err != nil {
//		log.Fatal(err)
//	}
//	for _, conversation := range page.Payload {
//		fmt.Println(conversation.ID, conversation.Status, conversation.Timestamp)
//	}
//
// # Calls
//
// [Account] offers the operations as methods of its services, such as [Account.Conversations]; they return data alone. It
// also walks through many conversations and their messages; [ConversationsService.Scan] loses none. A [CallOption] adds to a
// call: [WithResponse] keeps its status and headers. [Account.Do] requests what has no method yet. [Chat.Raw] is the
// generated client, whose methods return data with status and headers.
//
// All go through one chain: it adds the key that the operation takes (package [auth]), refuses redirects, bounds time and
// size ([Config]), repeats only what may be repeated ([Retry]), and makes every failure an [*Error]. Methods of services
// also refuse input that a server would read as something else.
//
// # Data
//
// Requests are plain values: zero fields are not sent. Types of answers are generated from openapi.yaml, which follows what
// the servers do. A field that a server may leave out or send as null is a pointer, and every such field has a getter that
// is safe to call on nil: conversation.Meta.Assignee.GetName(). A field that only some versions send is nil when absent. A
// value that is not among the constants, such as a new [Channel], is kept as received. The D-numbers in comments are the
// rows of docs/differences.md in the repository, and "contract, H5" is section H5 of its docs/contract.
//
// # Further
//
// Package [github.com/cfchat/cfchat-go/webhook] receives what the server sends, package
// [github.com/cfchat/cfchat-go/cfchattest] is a server in memory, for tests of programs that use this package, and package
// [github.com/cfchat/cfchat-go/api] holds a live server against openapi.yaml. The repository's docs folder has a page for
// each job, such as answering a customer, keeping a copy or staying below a limit; docs/README.md lists them.
package cfchat

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/release"
)

// DefaultServer is the vendor's production server.
const DefaultServer = "https://chat.myclickfunnels.com"

// Version is the version of this module.
const Version = "0.1.0"

const (
	defaultTimeout = 30 * time.Second
	defaultMaxBody = 10 << 20
)

// Config tells New how to reach a server. Only Keys must be set; the zero value of every other field is right for most.
type Config struct {
	// Keys are the keys of the account; at least one.
	Keys auth.Keys
	// Server is the API's address, such as "https://chat.example.com", with a path if the API lives below one, and without
	// the "/api/v1" that every operation adds. Empty means DefaultServer. Plain http is refused except to this machine,
	// because the key would travel in clear text.
	Server string
	// AllowPlainHTTP lets Server be a plain http address. It is unsafe: the keys and all content can be read on the way. Use
	// it only in a network where nobody else can listen, such as Docker Compose's.
	AllowPlainHTTP bool
	// HTTPClient is used for its Transport, its Jar, and its Timeout if that is shorter than Config's. It is never changed,
	// and its CheckRedirect is not called: redirects are refused. Without a Transport, DefaultTransport is used. Nil means a
	// client with nothing set.
	HTTPClient *http.Client
	// Downloads is the transport with which Messages.Download fetches files, from wherever the addresses of attachments
	// lead: set one that refuses addresses of your own network where that matters. Nil means HTTPClient's Transport if that
	// is an http.Transport, which adds nothing to a request; otherwise a DefaultTransport, because any other might add a
	// password meant for the server only.
	Downloads http.RoundTripper
	// Retry sets how often a failed call is tried again. The zero value is what you want.
	Retry Retry
	// Limiter is asked before each try. Nil means no limit; PerMinute has the servers' own.
	Limiter Limiter
	// Timeout bounds one try, from connecting to the last byte of the body. Zero means 30 seconds. The context bounds all
	// tries together. For a download, Timeout bounds the time without new bytes.
	Timeout time.Duration
	// MaxBody bounds an answer, in bytes after decompression, but no download. Zero means 10 MiB.
	MaxBody int64
	// UserAgent is the User-Agent header. Empty means "cfchat-go/" with Version.
	UserAgent string
	// Logger gets one Debug record per try: operation, account, conversation, message, attempt, wait, status, duration,
	// request_id and error, where present, and never a header, a query or a body. Its handler receives the call's context,
	// for OperationOf or a tracer. Nil disables logging.
	Logger *slog.Logger
	// ServerVersion is the server's version, such as "4.7.0", for a server whose proxy hides it. PerMinute depends on it;
	// ServerInfo asks the server regardless. Empty means that the server is asked once, when a call first depends on it.
	ServerVersion string
	// RequestEditors are run on every request, before those of the call.
	RequestEditors []RequestEditorFn
}

// Chat is a client for one server. Make one with [New]; it cannot be changed afterwards and is safe for concurrent use.
type Chat struct {
	server    string // with a slash at its end
	chain     chain.Link
	transport http.RoundTripper
	downloads chain.Config // for downloads
	editors   []RequestEditorFn
	keys      auth.Keys
	clock     *serverClock
	known     *knownServer
	channels  *channelCache
	turns     *sendTurns
	unsure    *unsureSends
	looks     *lookCache
	settled   time.Duration // after it, a message that was sent and is not stored never will be
}

// New checks a Config and returns a client for it. It sends nothing. An error names the field and never repeats a key or an
// address, which may hold a password.
func New(config Config) (*Chat, error) {
	if err := config.complete(); err != nil {
		return nil, err
	}
	server, err := url.Parse(strings.TrimSuffix(config.Server, "/") + "/")
	if err != nil {
		return nil, err
	}
	transport := transportOf(config.HTTPClient)
	links := chain.Config{
		Transport: transport, Jar: config.HTTPClient.Jar, Keys: config.Keys, Server: server,
		Retry: chain.Policy(config.Retry), Limiter: config.Limiter, Timeout: config.Timeout, MaxBody: config.MaxBody, UserAgent: config.UserAgent,
		Logger: config.Logger, Describe: func(f *chain.Failure) string {
			return errorOf(&chain.Call{Operation: new(operation.Operation)}, f).Error()
		},
	}
	return &Chat{
		server: server.String(), transport: transport, editors: slices.Clone(config.RequestEditors), keys: config.Keys,
		clock: new(serverClock), known: newKnownServer(config.ServerVersion), chain: chain.New(links), downloads: links.ForDownloads(downloadsOf(config, transport)),
		channels: new(channelCache), turns: new(sendTurns), unsure: new(unsureSends), looks: new(lookCache), settled: max(minSettled, 2*config.Timeout),
	}, nil
}

// Raw returns the generated client over the same chain: its methods return data with status and headers, and fail with the
// same [*Error]. It does not check parameters before it sends them, as the methods of an [Account]'s services do.
func (c *Chat) Raw() *ClientWithResponses {
	if c == nil || c.chain == nil {
		none := chain.Link(func(*http.Request) (*chain.Answer, *chain.Failure) {
			return nil, chain.Refused("chat", "there is no client; make one with New")
		})
		return &ClientWithResponses{&Client{Server: DefaultServer + "/", Client: doer{none}}}
	}
	return &ClientWithResponses{&Client{Server: c.server, Client: doer{c.chain}, RequestEditors: slices.Clone(c.editors)}}
}

// complete checks a Config and fills in what is not set.
func (c *Config) complete() error {
	if c.Server == "" {
		c.Server = DefaultServer
	}
	var input refusal
	c.check(&input)
	if wrong := input.reasons(); wrong != "" {
		return errors.New("cfchat: " + wrong)
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	c.HTTPClient = cmp.Or(c.HTTPClient, new(http.Client))
	if own := c.HTTPClient.Timeout; own > 0 {
		c.Timeout = min(c.Timeout, own)
	}
	if c.MaxBody == 0 {
		c.MaxBody = defaultMaxBody
	}
	if c.UserAgent == "" {
		c.UserAgent = "cfchat-go/" + Version
	}
	return nil
}

// check refuses values that nobody can mean.
func (c *Config) check(input *refusal) {
	input.keys("Config.Keys", c.Keys)
	if err := checkServer(c.Server, c.AllowPlainHTTP); err != nil {
		input.add("Config.Server", "%v", err)
	}
	if c.ServerVersion != "" && release.Of(c.ServerVersion).IsZero() {
		input.add("Config.ServerVersion", "%q is not a version such as 4.7.0; leave it empty to ask the server", c.ServerVersion)
	}
	if c.Timeout < 0 {
		input.add("Config.Timeout", "it is negative; zero means 30 seconds")
	}
	if c.MaxBody < 0 {
		input.add("Config.MaxBody", "it is negative; zero means 10 MiB")
	}
	if strings.ContainsFunc(c.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		input.add("Config.UserAgent", "it has a control character or a non-ASCII character; remove it")
	}
	c.Retry.check("Config.Retry", input)
	input.limiter("Config.Limiter", c.Limiter)
	for i, editor := range c.RequestEditors {
		if editor == nil {
			input.add(fmt.Sprintf("Config.RequestEditors[%d]", i), "it is nil; leave it out")
		}
	}
}

// checkServer refuses an address to which a key must not go, or that cannot be one. It never repeats the address.
func checkServer(address string, allowPlainHTTP bool) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return errors.New("it is not an address such as https://chat.example.com")
	case u.User != nil:
		return errors.New("it has a user name or password; keys go into Keys")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("it has a query or a fragment; keep only scheme, host and path")
	case belongsToClient(u.Path):
		return errors.New("it includes the path of a page or an operation; keep only the part before /app or /api/v1")
	case u.Scheme == "https" || u.Scheme == "http" && (allowPlainHTTP || isLoopback(u.Hostname())):
		return nil
	case u.Scheme == "http":
		return errors.New("plain http would send the key unencrypted; use https, or set AllowPlainHTTP if nobody can eavesdrop")
	}
	return errors.New("it starts with neither https:// nor http://")
}

// belongsToClient reports whether a path was copied from a browser's address bar or from the documentation. This client
// would append its own path, and every call would get a 404.
func belongsToClient(path string) bool {
	path = strings.TrimSuffix(path, "/") + "/"
	return strings.Contains(path, "/app/accounts/") || strings.Contains(path, "/api/v1/accounts/") || strings.HasSuffix(path, "/api/v1/")
}

// isLoopback reports whether a host is this machine.
func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// CloseIdleConnections closes the connections that no call uses, if the Transport can, for a program that continues without
// the Chat. Otherwise they stay open for a minute and a half. Running calls are not affected, and new ones may still be
// made.
func (c *Chat) CloseIdleConnections() {
	if c == nil {
		return
	}
	for _, transport := range []http.RoundTripper{c.transport, c.downloads.Transport} {
		if closer, ok := transport.(interface{ CloseIdleConnections() }); ok {
			closer.CloseIdleConnections()
		}
	}
}
