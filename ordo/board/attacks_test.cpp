// What an attacker could try against the board, tried: each test opens real sockets and sends raw
// bytes. Who attacks: a page of another site in the same browser (A), whoever wrote a program that
// a study ran (B), and another user of this machine who can connect, but not read our files (C).
#include <fstream>

#include <gmock/gmock.h>
#include <sys/resource.h>

#include "ordo/board/board_testing.h"
#include "ordo/board/routes.h"
#include "ordo/http/http_testing.h"

namespace ordo::board {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Attacks : public ::testing::Test {
 protected:
  Attacks() { sample_.add(); }

  int port() { return server_.port(); }
  std::string ask(const std::string& target, const std::string& more = "") {
    return http::ask(port(), http::get(target, port(), more));
  }
  std::string raw(const std::string& bytes) { return http::ask(port(), bytes); }
  bool is_serving() { return http::status_of(ask("/api/studies")) == 200; }

  SampleStore sample_;
  Library library_{sample_.store};
  http::RunningServer server_{{.max_connections = 16, .head_seconds = 1, .idle_seconds = 1},
                              [this](const http::Request& r) { return answer(library_, r); }};
};

// ---- A: pages of other sites ----

TEST_F(Attacks, A1DnsRebindingIsRefused) {
  const std::string evil =
      raw("GET /api/studies HTTP/1.1\r\nHost: evil.example:" + std::to_string(port()) + "\r\n\r\n");
  EXPECT_EQ(http::status_of(evil), 421);
  EXPECT_THAT(evil, Not(HasSubstr("sample")));
  EXPECT_EQ(http::status_of(raw("GET /api/studies HTTP/1.0\r\n\r\n")), 421) << "no Host";
  EXPECT_EQ(http::status_of(raw("GET http://evil.example/api/studies HTTP/1.1\r\nHost: 127.0.0.1:" +
                                std::to_string(port()) + "\r\n\r\n")),
            400)
      << "an absolute target";
}

TEST_F(Attacks, A2FetchFromOtherOriginsIsRefusedAndNeverAllowedByHeaders) {
  for (const char* more :
       {"Origin: http://evil.example\r\n", "Origin: null\r\n", "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: same-site\r\n", "Origin: http://127.0.0.1:1\r\n"}) {
    for (const char* target : {"/api/studies", "/api/events", "/api/runs/1"}) {
      const std::string response = ask(target, more);
      EXPECT_EQ(http::status_of(response), 403) << target << more;
      EXPECT_THAT(response, Not(HasSubstr("Access-Control")));
    }
  }
}

TEST_F(Attacks, A3MethodsThatChangeThingsAreRefused) {
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS"}) {
    const std::string response =
        raw(std::string(method) + " /api/studies HTTP/1.1\r\nHost: 127.0.0.1:" +
            std::to_string(port()) + "\r\nContent-Length: 5\r\n\r\nhello");
    EXPECT_EQ(http::status_of(response), 405) << method;
  }
  EXPECT_TRUE(is_serving());
}

TEST_F(Attacks, A4NothingCanBeFramedOrSniffedOrEmbedded) {
  for (const char* target : {"/", "/api/studies", "/api/runs/1"}) {
    const std::string response = ask(target);
    EXPECT_THAT(http::header_of(response, "Content-Security-Policy"),
                HasSubstr("frame-ancestors 'none'"))
        << target;
    EXPECT_EQ(http::header_of(response, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(http::header_of(response, "Cross-Origin-Resource-Policy"), "same-origin");
  }
}

TEST_F(Attacks, A5ASmuggledSecondRequestIsNotAnswered) {
  http::RawClient client(port());
  client.send("GET /api/store HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port()) +
              "\r\nContent-Length: 200\r\n\r\n" + http::get("/api/runs/1", port()));
  const std::string all = client.read_all();
  EXPECT_EQ(http::status_of(all), 413);
  EXPECT_EQ(all.find("HTTP/1.1", 5), std::string::npos) << "a second answer";
  http::RawClient chunked(port());
  chunked.send("GET /api/store HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port()) +
               "\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + http::get("/", port()));
  EXPECT_EQ(http::status_of(chunked.read_all()), 413);
}

// ---- B: programs that a study ran ----

TEST_F(Attacks, B1PathsCannotLeaveTheStore) {
  write_file_atomic(sample_.folder.path() / "secret", "do not show");
  for (const char* hash :
       {"../../secret", "..%2f..%2fsecret", "%2e%2e/%2e%2e/secret", "....//....//secret",
        "/etc/passwd", "%2fetc%2fpasswd", "..%5c..%5csecret", "%c0%ae%c0%ae/secret",
        "0000000000000000000000000000000000000000000000000000000000000000", "../store.db", ".."}) {
    const std::string response = ask(std::string("/api/runs/1/artifacts/") + hash);
    EXPECT_THAT(http::status_of(response), ::testing::AnyOf(400, 404)) << hash;
    EXPECT_THAT(response, AllOf(Not(HasSubstr("do not show")), Not(HasSubstr("root:"))));
  }
  for (const char* target : {"/../../../../etc/passwd", "/store.db", "/api/../store.db",
                             "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd"}) {
    EXPECT_THAT(http::status_of(ask(target)), ::testing::AnyOf(400, 404)) << target;
  }
}

// An artifact of one run is not given out under another: there is no list of all hashes to try.
TEST_F(Attacks, B2AnArtifactBelongsToItsRun) {
  const std::string hash = sample_.store.artifacts(1).front().hash;
  EXPECT_EQ(http::status_of(ask("/api/runs/1/artifacts/" + hash)), 200);
  EXPECT_EQ(http::status_of(ask("/api/runs/2/artifacts/" + hash)), 404);
}

TEST_F(Attacks, B3HtmlAndSvgCannotRunInThePagesOrigin) {
  const auto file = sample_.folder.path() / "x";
  write_file_atomic(file, "<script>fetch('/api/studies')</script>");
  const store::RunId run = sample_.begin(1);
  for (const char* name : {"x.html", "x.svg", "x.xhtml", "x.js", "x"}) {
    const std::string hash = sample_.store.add_artifact(run, file, name).hash;
    const std::string url = "/api/runs/" + std::to_string(run) + "/artifacts/" + hash;
    const std::string plain = ask(url), view = ask(url + "?view=1");
    EXPECT_THAT(http::header_of(plain, "Content-Disposition"), HasSubstr("attachment")) << name;
    EXPECT_EQ(http::header_of(plain, "Content-Type"), "application/octet-stream");
    for (const std::string& response : {plain, view}) {
      const std::string policy = http::header_of(response, "Content-Security-Policy");
      EXPECT_THAT(policy, AllOf(HasSubstr("sandbox;"), HasSubstr("default-src 'none'"),
                                Not(HasSubstr("allow-")), Not(HasSubstr("script-src"))))
          << name;
      EXPECT_EQ(http::header_of(response, "X-Content-Type-Options"), "nosniff");
    }
  }
}

TEST_F(Attacks, B4NamesCannotAddHeadersOrPaths) {
  const auto file = sample_.folder.path() / "x";
  write_file_atomic(file, "content of its own");
  const store::RunId run = sample_.begin(1);
  const std::string name = "../../a\r\nSet-Cookie: x=1\r\n\r\n\"<script>\xff.html";
  const std::string hash = sample_.store.add_artifact(run, file, name).hash;
  const std::string response =
      ask("/api/runs/" + std::to_string(run) + "/artifacts/" + hash + "?view=1");
  EXPECT_EQ(http::status_of(response), 200);
  EXPECT_EQ(http::header_of(response, "Set-Cookie"), "");
  EXPECT_EQ(http::body_of(response), "content of its own");
  const std::string disposition = http::header_of(response, "Content-Disposition");
  EXPECT_EQ(disposition.find('/'), std::string::npos) << disposition;
}

// A huge artifact is sent in pieces: reading 300 MB must not take 300 MB.
TEST_F(Attacks, B5HugeArtifactsTakeLittleMemory) {
  constexpr std::int64_t kSize = 300 << 20;
  const auto file = sample_.folder.path() / "huge";
  {
    std::ofstream(file) << "x";
  }
  std::filesystem::resize_file(file, kSize);
  const store::RunId run = sample_.begin(1);
  const std::string hash = sample_.store.add_artifact(run, file, "huge.bin").hash;
  const std::string url = "/api/runs/" + std::to_string(run) + "/artifacts/" + hash;
  const std::string part = ask(url, "Range: bytes=314572790-\r\n");
  EXPECT_EQ(http::status_of(part), 206);
  EXPECT_EQ(http::body_of(part).size(), 10U);
  rusage before{}, after{};
  ::getrusage(RUSAGE_SELF, &before);
  {
    std::vector<std::unique_ptr<http::RawClient>> readers;  // that stop reading
    for (int i = 0; i < 8; ++i) {
      readers.push_back(std::make_unique<http::RawClient>(port(), 4096));
      readers.back()->send(http::get(url, port()));
      readers.back()->read_until("\r\n\r\n");
    }
    EXPECT_TRUE(is_serving()) << "readers that stop hold up others";
  }
  ::getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 100 << 10) << "kilobytes more at the peak";
}

TEST_F(Attacks, B6ManyRangesAreOneAnswer) {
  std::string ranges = "Range: bytes=0-0";
  for (int i = 0; i < 1000; ++i) ranges += ",0-1";
  const std::string response = ask("/api/studies", ranges + "\r\n");
  EXPECT_EQ(http::status_of(response), 200);
  EXPECT_THAT(response, Not(HasSubstr("multipart")));
}

// ---- C: whoever can connect ----

TEST_F(Attacks, C1AHeadWithoutEndIsCut) {
  http::RawClient line(port());
  line.send("GET /" + std::string(1 << 20, 'a'));
  EXPECT_THAT(http::status_of(line.read_all()), ::testing::AnyOf(414, 431, 400, 0));
  http::RawClient many(port());
  std::string headers = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n";
  for (int i = 0; i < 20'000; ++i) headers += "X-" + std::to_string(i) + ": y\r\n";
  many.send(headers);
  EXPECT_THAT(http::status_of(many.read_all()), ::testing::AnyOf(400, 431, 0));
  EXPECT_TRUE(is_serving());
}

// Slow loris: a byte now and then keeps no connection beyond the head's own second, and while as
// many as there are threads do this, the server is busy no longer than that.
TEST_F(Attacks, C2ByteByByteIsCutAndOthersAreServedAgain) {
  std::vector<std::unique_ptr<http::RawClient>> slow;
  for (int i = 0; i < 16; ++i) {
    slow.push_back(std::make_unique<http::RawClient>(port()));
    slow.back()->send("GET / HT");
  }
  for (int round = 0; round < 20; ++round) {
    for (const auto& client : slow) client->send("T");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_EQ(http::status_of(slow.front()->read_all()), 408);
  EXPECT_TRUE(is_serving());
}

TEST_F(Attacks, C3MoreConnectionsThanThreadsAreRefusedAndForgotten) {
  std::vector<std::unique_ptr<http::RawClient>> idle;
  for (int i = 0; i < 50; ++i) idle.push_back(std::make_unique<http::RawClient>(port()));
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));  // longer than idle_seconds
  EXPECT_TRUE(is_serving());
}

TEST_F(Attacks, C4NonsenseIsAnsweredOrCut) {
  const std::string host = "Host: 127.0.0.1:" + std::to_string(port()) + "\r\n";
  for (const std::string& bytes : std::initializer_list<std::string>{
           std::string("\r\n\r\n"), std::string("GET\r\n\r\n"), std::string("\x16\x03\x01\x02", 4),
           std::string("GET / HTTP/9.9\r\n") + host + "\r\n", "get / HTTP/1.1\r\n" + host + "\r\n",
           "GET /%00 HTTP/1.1\r\n" + host + "\r\n", "GET / HTTP/1.1\r\nHost\r\n\r\n",
           "GET /api/series?run=1&name=loss&points=99999999999 HTTP/1.1\r\n" + host + "\r\n",
           "GET / HTTP/1.1\r\n" + host + "Range: " + std::string(10'000, '-') + "\r\n\r\n",
           "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET * HTTP/1.1\r\n" + host + "\r\n",
           "GET / HTTP/1.1\n" + host + "\n"}) {
    http::RawClient client(port());
    client.send(bytes);
    const std::string response = client.read_all(5);
    if (!response.empty() && http::status_of(response) == 200) {
      EXPECT_THAT(response, HasSubstr("text/html")) << bytes;
    }
  }
  EXPECT_TRUE(is_serving());
}

// Peers that vanish in the middle of an answer must not end the server (SIGPIPE).
TEST_F(Attacks, C5VanishingPeersDoNoHarm) {
  for (int i = 0; i < 50; ++i) {
    http::RawClient client(port());
    client.send(http::get("/api/study?name=sample", port()));
  }
  EXPECT_TRUE(is_serving());
}

}  // namespace
}  // namespace ordo::board
