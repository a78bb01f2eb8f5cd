#include "ordo/http/endpoint.h"

#include <atomic>
#include <fstream>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <httplib.h>

#include "ordo/base/error.h"
#include "ordo/base/json.h"

namespace ordo::http {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kKey = "sk-very-secret-0123456789";

std::string answer(const std::string& content) {
  return R"({"model":"m-1","choices":[{"message":{"role":"assistant","content":")" + content +
         R"("},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}})";
}
std::string piece(const std::string& content) {
  return R"(data: {"model":"m-1","choices":[{"delta":{"content":")" + content + "\"}}]}\n\n";
}
const std::string kEnd =
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n"
    "data: [DONE]\n\n";

// A server that answers the n-th request (from 1) as it is told.
class StandIn {
 public:
  using Handler = std::function<void(int number, const httplib::Request&, httplib::Response&)>;

  explicit StandIn(Handler handler, std::unique_ptr<httplib::Server> server = nullptr)
      : server_(server ? std::move(server) : std::make_unique<httplib::Server>()) {
    const auto handle = [this, handler](const httplib::Request& request,
                                        httplib::Response& response) {
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      handler(++count_, request, response);
    };
    server_->Post(".*", handle);
    port_ = server_->bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_->listen_after_bind(); });
    while (!server_->is_running()) std::this_thread::yield();
  }
  ~StandIn() {
    hang_.store(false);
    server_->stop();
    thread_.join();
  }
  StandIn(const StandIn&) = delete;

  int count() const { return count_; }
  int port() const { return port_; }
  const httplib::Request& request(std::size_t index) const { return requests_.at(index); }
  /// Says nothing until the test is over.
  void hang() const {
    while (hang_) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }

 private:
  std::unique_ptr<httplib::Server> server_;
  std::thread thread_;
  std::atomic<int> count_ = 0;
  std::atomic<bool> hang_ = true;
  std::mutex mutex_;
  std::vector<httplib::Request> requests_;
  int port_ = 0;
};

// Sends bytes as they are, one list an attempt, and then hangs up: for answers that break off.
StandIn::Handler in_pieces(std::vector<std::vector<std::string>> attempts) {
  return [attempts](int number, const httplib::Request&, httplib::Response& response) {
    const auto& pieces = attempts.at(static_cast<std::size_t>(number - 1));
    response.set_chunked_content_provider("text/event-stream",
                                          [pieces](std::size_t, httplib::DataSink& sink) {
                                            bool breaks_off = false;
                                            for (const std::string& bytes : pieces) {
                                              if (bytes == "BREAK") {
                                                breaks_off = true;
                                              } else {
                                                sink.write(bytes.data(), bytes.size());
                                              }
                                            }
                                            if (breaks_off) return false;
                                            sink.done();
                                            return true;
                                          });
  };
}

class Warnings : public EventSink {
 public:
  void emit(const Event& event) override {
    if (const auto* message = std::get_if<Message>(&event.body)) texts.push_back(message->text);
  }
  std::vector<std::string> texts;
};

class EndpointTest : public testing::Test {
 protected:
  EndpointTest() { context_.events = &warnings_; }

  static EndpointOptions options(const StandIn& server) {
    EndpointOptions options;
    options.url = "http://127.0.0.1:" + std::to_string(server.port()) + "/v1";
    options.model = "m";
    options.backoff = 0.001;
    options.retries = 3;
    return options;
  }
  ChatAnswer ask(const EndpointOptions& options) {
    return Endpoint(options, Secret(kKey)).complete(question(), context_);
  }
  ChatAnswer stream(const EndpointOptions& options) {
    return Endpoint(options, Secret(kKey)).stream(question(), receive_, context_);
  }
  static ChatRequest question() {
    return {.messages = {{"system", "be brief"}, {"user", "hello \"world\""}},
            .max_tokens = 5,
            .temperature = 0,
            .seed = 7};
  }
  template <class Kind>
  std::string message(const std::function<void()>& call) {
    try {
      call();
    } catch (const Kind& error) {
      EXPECT_THAT(error.what(), Not(HasSubstr(kKey)));
      return error.what();
    }
    ADD_FAILURE() << "nothing of this kind was thrown";
    return {};
  }

  Warnings warnings_;
  Context context_;
  std::vector<std::string> received_;
  Endpoint::Receiver receive_ = [this](std::string_view text) {
    received_.emplace_back(text);
    return true;
  };
};

TEST_F(EndpointTest, SendsTheRequestAndReadsTheAnswer) {
  StandIn server([](int, const httplib::Request&, httplib::Response& response) {
    response.set_content(answer("hi"), "application/json");
  });
  const ChatAnswer got = ask(options(server));
  EXPECT_EQ(got.content, "hi");
  EXPECT_EQ(got.finish_reason, "stop");
  EXPECT_EQ(got.model, "m-1");
  EXPECT_EQ(got.prompt_tokens, 3);
  EXPECT_EQ(got.completion_tokens, 2);
  EXPECT_EQ(got.attempts, 1);
  const httplib::Request& sent = server.request(0);
  EXPECT_EQ(sent.path, "/v1/chat/completions");
  EXPECT_EQ(sent.get_header_value("Authorization"), std::string("Bearer ") + kKey);
  const Json body = parse_json(sent.body, "request");
  EXPECT_EQ(body.find("model")->as_string(), "m");
  EXPECT_EQ(body.find("messages")->as_array()[1].find("content")->as_string(), "hello \"world\"");
  EXPECT_EQ(body.find("max_tokens")->as_int(), 5);
  EXPECT_EQ(body.find("seed")->as_int(), 7);
  EXPECT_EQ(body.find("stream"), nullptr);
}

TEST_F(EndpointTest, TriesAgainWhatMayPass) {
  for (const int status : {408, 409, 429, 500, 502, 503, 504, 529}) {
    StandIn server([status](int number, const httplib::Request&, httplib::Response& response) {
      response.status = number < 3 ? status : 200;
      response.set_content(number < 3 ? R"({"error":{"message":"busy"}})" : answer("hi"),
                           "application/json");
    });
    EXPECT_EQ(ask(options(server)).attempts, 3) << status;
  }
  EXPECT_THAT(warnings_.texts.front(), AllOf(HasSubstr("status 408: busy"), HasSubstr("again")));
}

TEST_F(EndpointTest, WaitsAsLongAsRetryAfterSays) {
  StandIn server([](int number, const httplib::Request&, httplib::Response& response) {
    if (number == 1) {
      response.status = 429;
      response.set_header("Retry-After", "0.05");
    } else {
      response.set_content(answer("hi"), "application/json");
    }
  });
  EndpointOptions patient = options(server);
  patient.backoff = 50;  // would be far too long
  EXPECT_EQ(ask(patient).attempts, 2);
}

TEST_F(EndpointTest, DoesNotComeBackAfterHours) {
  StandIn server([](int, const httplib::Request&, httplib::Response& response) {
    response.status = 429;
    response.set_header("Retry-After", "7200");
  });
  EXPECT_THAT(message<LimitError>([&] { ask(options(server)); }), HasSubstr("7200 s"));
  EXPECT_EQ(server.count(), 1);
}

TEST_F(EndpointTest, GivesUpAfterItsAttempts) {
  StandIn server([](int, const httplib::Request&, httplib::Response& response) {
    response.status = 500;
    response.set_content("<html>\nBad day</html>", "text/html");
  });
  EXPECT_THAT(message<IoError>([&] { ask(options(server)); }),
              AllOf(HasSubstr("status 500: <html> Bad day"), HasSubstr("tried 4 times")));
  EXPECT_EQ(server.count(), 4);
}

TEST_F(EndpointTest, DoesNotRepeatWhatTheServerRefuses) {
  for (const int status : {400, 404, 422, 302}) {
    StandIn server([status](int, const httplib::Request&, httplib::Response& response) {
      response.status = status;
      response.set_header("Location", "http://127.0.0.1:1/elsewhere");
      response.set_content(R"({"error":{"message":"no such model"}})", "application/json");
    });
    EXPECT_THAT(message<UsageError>([&] { ask(options(server)); }), HasSubstr("no such model"));
    EXPECT_EQ(server.count(), 1);
  }
}

TEST_F(EndpointTest, NeverShowsTheKey) {
  StandIn server([](int number, const httplib::Request&, httplib::Response& response) {
    response.status = number == 1 ? 500 : 401;
    response.set_content(std::string(R"({"error":{"message":"wrong key )") + kKey + "\"}}",
                         "application/json");
  });
  EXPECT_THAT(message<UsageError>([&] { ask(options(server)); }),
              AllOf(HasSubstr("wrong key ***"), HasSubstr("OPENAI_API_KEY")));
  ASSERT_EQ(warnings_.texts.size(), 1);
  EXPECT_THAT(warnings_.texts[0], AllOf(HasSubstr("***"), Not(HasSubstr(kKey))));
}

TEST_F(EndpointTest, DoesNotRepeatWhenTheQuotaIsUsedUp) {
  StandIn server([](int, const httplib::Request&, httplib::Response& response) {
    response.status = 429;
    response.set_content(R"({"error":{"message":"pay","code":"insufficient_quota"}})",
                         "application/json");
  });
  EXPECT_THAT(message<LimitError>([&] { ask(options(server)); }), HasSubstr("pay"));
  EXPECT_EQ(server.count(), 1);
}

TEST_F(EndpointTest, LeavesAServerThatHangs) {
  const StandIn* here = nullptr;
  StandIn server([&here](int, const httplib::Request&, httplib::Response&) { here->hang(); });
  here = &server;
  EndpointOptions hasty = options(server);
  hasty.read_timeout = 0.05;
  hasty.retries = 1;
  EXPECT_THAT(message<IoError>([&] { ask(hasty); }), HasSubstr("tried 2 times"));
  hasty.read_timeout = 100;
  hasty.timeout = 0.1;
  EXPECT_THAT(message<LimitError>([&] { ask(hasty); }), HasSubstr("within 0.1 s"));
}

TEST_F(EndpointTest, StopsWhenAsked) {
  const StandIn* here = nullptr;
  StopSource source;
  StandIn server([&](int, const httplib::Request&, httplib::Response&) {
    source.request_stop();
    here->hang();
  });
  here = &server;
  context_.stop = source.token();
  EXPECT_THROW(ask(options(server)), Interrupted);
}

TEST_F(EndpointTest, SaysThatNobodyListens) {
  EndpointOptions nobody;
  nobody.url = "http://127.0.0.1:1/v1";
  nobody.retries = 1;
  nobody.backoff = 0;
  EXPECT_THAT(message<IoError>([&] { ask(nobody); }), HasSubstr("does not answer"));
}

TEST_F(EndpointTest, TriesMalformedAnswersAgain) {
  for (const char* wrong :
       {"{\"choices\":[{", "[]", "{}", R"({"choices":[{"message":{"content":5}}]})",
        R"({"choices":[7]})", R"({"choices":[{"message":"hi"}]})", ""}) {
    StandIn server([wrong](int number, const httplib::Request&, httplib::Response& response) {
      response.set_content(number == 1 ? wrong : answer("hi"), "application/json");
    });
    EXPECT_EQ(ask(options(server)).attempts, 2) << wrong;
  }
  EXPECT_THAT(warnings_.texts.front(), HasSubstr("malformed answer"));
}

TEST_F(EndpointTest, StreamsPieceByPiece) {
  const std::string umlaut = piece("ä");
  StandIn server(in_pieces({{": comment\n\n", piece("he"), umlaut.substr(0, umlaut.size() - 9),
                             umlaut.substr(umlaut.size() - 9), kEnd}}));
  const ChatAnswer got = stream(options(server));
  EXPECT_THAT(received_, ElementsAre("he", "ä"));
  EXPECT_EQ(got.content, "heä");
  EXPECT_EQ(got.finish_reason, "stop");
  EXPECT_EQ(got.completion_tokens, 2);
  EXPECT_TRUE(parse_json(server.request(0).body, "request").find("stream")->as_bool());
}

TEST_F(EndpointTest, TriesAStreamAgainThatBreaksOffBeforeItsFirstText) {
  StandIn server(in_pieces({{"data: {\"cho", "BREAK"}, {": nothing\n\n"}, {piece("hi"), kEnd}}));
  EXPECT_EQ(stream(options(server)).attempts, 3);
  EXPECT_THAT(received_, ElementsAre("hi"));
}

TEST_F(EndpointTest, ThrowsWhereAStreamBreaksOffLater) {
  StandIn broken(in_pieces({{piece("he"), "BREAK"}}));
  EXPECT_THAT(message<IoError>([&] { stream(options(broken)); }), HasSubstr("after a part"));
  StandIn ended(in_pieces({{piece("he")}}));
  EXPECT_THAT(message<IoError>([&] { stream(options(ended)); }),
              AllOf(HasSubstr("the stream ends before"), HasSubstr("after a part")));
  StandIn malformed(in_pieces({{piece("he"), "data: {]\n\n"}}));
  EXPECT_THAT(message<IoError>([&] { stream(options(malformed)); }), HasSubstr("malformed"));
}

TEST_F(EndpointTest, TellsErrorsInsideAStreamWithoutTheKey) {
  const std::string error =
      std::string("data: {\"error\":{\"message\":\"overloaded ") + kKey + "\"}}\n\n";
  StandIn server(in_pieces({{error}, {error}, {error}, {error}}));
  EXPECT_THAT(message<IoError>([&] { stream(options(server)); }),
              AllOf(HasSubstr("overloaded ***"), HasSubstr("tried 4 times")));
}

TEST_F(EndpointTest, EndsAStreamWhenTheReceiverHasEnough) {
  StandIn server(in_pieces({{piece("one"), piece("two"), piece("three"), kEnd}}));
  receive_ = [this](std::string_view text) {
    received_.emplace_back(text);
    return received_.size() < 2;
  };
  EXPECT_EQ(stream(options(server)).content, "onetwo");
}

TEST_F(EndpointTest, PassesOnWhatTheReceiverThrows) {
  StandIn server(in_pieces({{piece("one"), kEnd}}));
  receive_ = [](std::string_view) -> bool { throw NumericError("mine"); };
  EXPECT_EQ(message<NumericError>([&] { stream(options(server)); }), "mine");
}

TEST_F(EndpointTest, SendsNoKeyInTheClearToOtherMachines) {
  EndpointOptions open;
  open.url = "http://models.example.org/v1";
  EXPECT_THAT(message<UsageError>([&] { ask(open); }), HasSubstr("in the clear"));
}

// ---- TLS ----

// A certificate that signs itself, for 127.0.0.1 or a name.
struct Certificate {
  EVP_PKEY* key = EVP_RSA_gen(2048);
  X509* certificate = X509_new();

  explicit Certificate(const char* subject) {
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* const name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION* const extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, subject);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(certificate, key, EVP_sha256());
  }
  ~Certificate() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  Certificate(const Certificate&) = delete;

  std::filesystem::path write(const std::string& name) const {
    const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / name;
    std::FILE* const file = std::fopen(path.c_str(), "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
    return path;
  }
};

TEST_F(EndpointTest, TrustsOnlyCertificatesThatItShould) {
  const Certificate mine("IP:127.0.0.1"), other("IP:127.0.0.1"), elsewhere("DNS:example.org");
  const auto serve = [](const Certificate& shown) {
    return std::make_unique<StandIn>(
        [](int, const httplib::Request&, httplib::Response& response) {
          response.set_content(answer("hi"), "application/json");
        },
        std::make_unique<httplib::SSLServer>(shown.certificate, shown.key));
  };
  const auto server = serve(mine);
  EndpointOptions secure = options(*server);
  secure.url = "https://127.0.0.1:" + std::to_string(server->port()) + "/v1";
  EXPECT_THAT(message<IoError>([&] { ask(secure); }), HasSubstr("not trusted"));
  secure.certificates = other.write("other.pem");
  EXPECT_THAT(message<IoError>([&] { ask(secure); }), HasSubstr("not trusted"));
  EXPECT_EQ(server->count(), 0);
  secure.certificates = mine.write("mine.pem");
  EXPECT_EQ(ask(secure).content, "hi");

  const auto wrong = serve(elsewhere);
  secure.url = "https://127.0.0.1:" + std::to_string(wrong->port()) + "/v1";
  secure.certificates = elsewhere.write("elsewhere.pem");
  EXPECT_THAT(message<IoError>([&] { ask(secure); }), HasSubstr("not trusted"));
  EXPECT_EQ(wrong->count(), 0);
}

// ---- small parts ----

TEST(Address, IsTakenApart) {
  const Address plain = parse_address("https://api.openai.com/v1/");
  EXPECT_TRUE(plain.is_encrypted);
  EXPECT_EQ(plain.host, "api.openai.com");
  EXPECT_EQ(plain.port, 443);
  EXPECT_EQ(plain.path, "/v1");
  const Address local = parse_address("http://[::1]:8000");
  EXPECT_FALSE(local.is_encrypted);
  EXPECT_EQ(local.host, "::1");
  EXPECT_EQ(local.port, 8000);
  EXPECT_EQ(local.path, "");
  EXPECT_EQ(parse_address("http://localhost/a/b").port, 80);
}

TEST(Address, RefusesWhatIsNone) {
  for (const char* wrong :
       {"", "api.openai.com/v1", "ftp://x", "https://", "https://:80/", "http://[::1", "http://a:0",
        "http://a:99999", "http://a:1x", "http://a b/", "http://a/?q", "http://a/#f",
        "http://u:secret@a/", "http://\xc3\xa4/"}) {
    try {
      parse_address(wrong);
      ADD_FAILURE() << wrong;
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr("expected one such as"), Not(HasSubstr("secret"))));
    }
  }
}

TEST(RetryAfter, IsSecondsOrADate) {
  EXPECT_EQ(retry_after("120", 0), 120);
  EXPECT_EQ(retry_after(" 1.5 ", 0), 1.5);
  EXPECT_EQ(retry_after("Fri, 31 Dec 1999 23:59:59 GMT", 946684789), 10);
  EXPECT_EQ(retry_after("Fri, 31 Dec 1999 23:59:59 GMT", 946684900), 0);
  for (const char* wrong : {"", "soon", "-1", "nan", "inf", "12x", "Fri, 31 Dec 1999"}) {
    EXPECT_EQ(retry_after(wrong, 0), std::nullopt) << wrong;
  }
}

TEST(Secret, HidesItself) {
  EXPECT_EQ(Secret("abc").hide_in("xabcabcy"), "x******y");
  EXPECT_EQ(Secret().hide_in("abc"), "abc");
}

}  // namespace
}  // namespace ordo::http
