// `ordo lm chat --endpoint` beside a server that does what servers do: the library, then the
// program itself.
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "ordo/base/error.h"
#include "ordo/base/process.h"
#include "ordo/http/stand_in_testing.h"
#include "ordo/lm/run_chat.h"

namespace ordo::lm {
namespace {

using http::RawServer;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::ThrowsMessage;

constexpr const char* kKey = "sk-very-secret-0123456789";

RawServer::Handler saying(const std::string& bytes) {
  return [bytes](int, RawServer::Peer& peer) { peer.send(bytes); };
}
std::string streamed(const std::vector<std::string>& pieces) {
  std::string bytes(http::kStreamBegin);
  for (const std::string& piece : pieces) bytes += http::piece(piece);
  return bytes + http::kStreamEnd;
}
Json body_of(const std::string& request) {
  return parse_json(request.substr(request.find("\r\n\r\n") + 4), "request");
}

ChatOptions asking(const RawServer& server) {
  ChatOptions options;
  options.speaker.endpoint.url = server.url();
  options.speaker.endpoint.retries = 0;
  options.speaker.model.path = "some/model:7b";
  options.say = {"hello"};
  return options;
}

TEST(EndpointChat, SaysWhatItsOptionsMean) {
  RawServer server(saying(http::answer("hi")));
  ChatOptions options = asking(server);
  options.system = "be brief";
  options.say.emplace_back("again");
  options.speaker.writing = {.max_tokens = 9,
                             .sampling = {.temperature = 0.5, .top_k = 7, .top_p = 0.25},
                             .stop = {"END"}};
  Context context;
  const ChatResult result = chat(options, http::Secret(kKey), context);
  ASSERT_EQ(result.messages.size(), 5U);
  EXPECT_EQ(to_text(result), "hi\nhi\n");
  const std::vector<std::string> requests = server.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_THAT(requests[0], AllOf(HasSubstr("POST /v1/chat/completions"),
                                 HasSubstr(std::string("Bearer ") + kKey)));
  const Json first = body_of(requests[0]), second = body_of(requests[1]);
  EXPECT_EQ(*first.find("model"), Json("some/model:7b"));
  EXPECT_EQ(*first.find("max_tokens"), Json(9));
  EXPECT_EQ(*first.find("temperature"), Json(0.5));
  EXPECT_EQ(*first.find("top_k"), Json(7));
  EXPECT_EQ(*first.find("top_p"), Json(0.25));
  EXPECT_EQ(*first.find("stop"), parse_json("[\"END\"]", ""));
  EXPECT_EQ(first.find("min_p"), nullptr);
  EXPECT_EQ(first.find("stream"), nullptr);
  EXPECT_EQ(second.find("messages")->size(), 4U);
  EXPECT_NE(*first.find("seed"), *second.find("seed"));
}

TEST(EndpointChat, StreamsWhatIsCertain) {
  RawServer server(saying(streamed({"one ", "two E", "N", "ough END three", " four"})));
  ChatOptions options = asking(server);
  options.speaker.writing.stop = {"END"};
  Context context;
  std::vector<std::string> pieces;
  const ChatResult result =
      chat(options, {}, context, [&](std::string_view piece) { pieces.emplace_back(piece); });
  EXPECT_THAT(pieces, ElementsAre("one ", "two ", "ENough ", "\n"));
  EXPECT_EQ(to_text(result), "one two ENough \n");
  EXPECT_EQ(*body_of(server.requests()[0]).find("stream"), Json(true));
}

TEST(EndpointChat, RefusesWhatOnlyAModelHereCanDo) {
  RawServer server(saying(http::answer("hi")));
  const auto refused = [&](const std::function<void(SpeakerOptions&)>& change,
                           const std::string& option) {
    ChatOptions options = asking(server);
    change(options.speaker);
    Context context;
    EXPECT_THAT([&] { chat(options, {}, context); }, ThrowsMessage<UsageError>(HasSubstr(option)));
  };
  refused([](SpeakerOptions& options) { options.model.dtype = "float64"; }, "--dtype");
  refused([](SpeakerOptions& options) { options.chat_template = "chatml"; }, "--template");
  refused([](SpeakerOptions& options) { options.writing.beams = 2; }, "--beams");
  refused([](SpeakerOptions& options) { options.writing.overflow = "slide"; }, "--overflow");
  refused([](SpeakerOptions& options) { options.writing.sampling.repetition_penalty = 2; },
          "--repetition-penalty");
  refused([](SpeakerOptions& options) { options.model.adapter = "adapter"; }, "--adapter");
  EXPECT_THAT(server.requests(), IsEmpty());
}

// The program.
ProcessOutput run(const std::vector<std::string>& more) {
  Command command{.argv = {std::string(ORDO_BIN_DIR) + "/ordo-lm", "chat", "--backoff", "0.01"},
                  .env = {{"ORDO_TEST_KEY", kKey}}};
  command.argv.insert(command.argv.end(), more.begin(), more.end());
  const ProcessOutput output = run_process(command, {.wall_seconds = 120});
  EXPECT_EQ(output.exit.reason, ProcessExit::Reason::exited);
  EXPECT_THAT(output.out, Not(HasSubstr(kKey)));
  EXPECT_THAT(output.err, Not(HasSubstr(kKey)));
  return output;
}
ProcessOutput ask(const RawServer& server, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"hello", "--endpoint", server.url(), "--model", "m", "--key-variable",
                             "ORDO_TEST_KEY"});
  return run(more);
}

TEST(EndpointChatProgram, PrintsStreamedAnswers) {
  RawServer server(saying(streamed({"h", "ä", " 東", "\\n"})));
  const ProcessOutput output = ask(server, {"and you"});
  EXPECT_EQ(output.exit.status, 0) << output.err;
  EXPECT_EQ(output.out, "hä 東\n\nhä 東\n\n");
  EXPECT_EQ(output.err, "");
  EXPECT_THAT(server.requests().at(0), HasSubstr(std::string("Bearer ") + kKey));
}

TEST(EndpointChatProgram, AsksForWholeAnswersWhereJsonIsWanted) {
  RawServer server(saying(http::answer("hi")));
  const ProcessOutput output = ask(server, {"--json"});
  EXPECT_EQ(output.exit.status, 0) << output.err;
  EXPECT_EQ(output.out,
            "{\"messages\":[{\"role\":\"user\",\"content\":\"hello\"},"
            "{\"role\":\"assistant\",\"content\":\"hi\"}]}\n");
  EXPECT_EQ(body_of(server.requests().at(0)).find("stream"), nullptr);
}

TEST(EndpointChatProgram, LeavesAServerThatHangs) {
  RawServer server([](int, RawServer::Peer& peer) { peer.hang(); });
  const ProcessOutput silent = ask(server, {"--read-timeout", "0.1", "--retries", "1"});
  EXPECT_EQ(silent.exit.status, 5);
  EXPECT_THAT(silent.err, AllOf(HasSubstr("--read-timeout"), HasSubstr("tried 2 times")));
  const ProcessOutput late = ask(server, {"--timeout", "0.3"});
  EXPECT_EQ(late.exit.status, 6);
  EXPECT_THAT(late.err, HasSubstr("within 0.3 s (--timeout)"));
  EXPECT_EQ(silent.out + late.out, "");
}

TEST(EndpointChatProgram, TriesAgainWhatMayPass) {
  const std::string busy =
      http::response("429 Too Many Requests", R"({"error":{"message":"busy"}})");
  const std::string broken = http::response("500 Internal Server Error", "");
  RawServer recovers([&](int number, RawServer::Peer& peer) {
    peer.send(number == 1 ? busy : number == 2 ? broken : streamed({"hi"}));
  });
  const ProcessOutput well = ask(recovers);
  EXPECT_EQ(well.exit.status, 0);
  EXPECT_EQ(well.out, "hi\n");
  EXPECT_THAT(well.err,
              AllOf(HasSubstr("status 429: busy; trying again"), HasSubstr("status 500")));

  for (const std::string& always : {busy, broken}) {
    RawServer server(saying(always));
    const ProcessOutput output = ask(server, {"--retries", "2"});
    EXPECT_EQ(output.exit.status, 5);
    EXPECT_THAT(output.err, HasSubstr("tried 3 times (--retries)"));
  }
  RawServer later(saying(http::response("429 Too Many Requests", "", "Retry-After: 7200\r\n")));
  const ProcessOutput output = ask(later);
  EXPECT_EQ(output.exit.status, 6);
  EXPECT_THAT(output.err, AllOf(HasSubstr("7200 s"), HasSubstr("--max-wait")));
}

TEST(EndpointChatProgram, SaysThatAnAnswerBrokeOff) {
  RawServer server(saying(std::string(http::kStreamBegin) + http::piece("once upon")));
  const ProcessOutput output = ask(server);
  EXPECT_EQ(output.exit.status, 5);
  EXPECT_EQ(output.out, "once upon");  // what had come was shown
  EXPECT_THAT(output.err, HasSubstr("broke off its answer after a part of it was received; ask"));
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(EndpointChatProgram, SaysWhereTheKeyIsTakenFrom) {
  RawServer server([](int number, RawServer::Peer& peer) {
    const std::string said = number == 1 ? std::string("no key ") + kKey : "a key is needed";
    peer.send(http::response("401 Unauthorized", R"({"error":{"message":")" + said + "\"}}"));
  });
  const ProcessOutput output = ask(server);
  EXPECT_EQ(output.exit.status, 2);
  EXPECT_THAT(output.err, AllOf(HasSubstr("no key ***"), HasSubstr("variable ORDO_TEST_KEY:"),
                                HasSubstr("--key-variable")));
  const ProcessOutput empty =
      run({"hello", "--endpoint", server.url(), "--key-variable", "ORDO_TEST_NO_KEY"});
  EXPECT_EQ(empty.exit.status, 2);
  EXPECT_THAT(empty.err,
              HasSubstr("a key is needed. The key is taken from the environment variable "
                        "ORDO_TEST_NO_KEY, which is empty"));
}

TEST(EndpointChatProgram, SaysWhatIsMissing) {
  const ProcessOutput nobody =
      run({"hello", "--endpoint", "http://127.0.0.1:1/v1", "--retries", "0"});
  EXPECT_EQ(nobody.exit.status, 5);
  EXPECT_THAT(nobody.err, HasSubstr("is a server running there?"));
  const ProcessOutput silent = run({"--endpoint", "http://127.0.0.1:1/v1"});
  EXPECT_EQ(silent.exit.status, 2);
  EXPECT_THAT(silent.err, HasSubstr("expected something to say"));
}

}  // namespace
}  // namespace ordo::lm
