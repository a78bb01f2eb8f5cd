// Conversations and sessions with a speaker that says what it is told.
#include "ordo/lm/conversation.h"

#include <functional>
#include <string>

#include <gmock/gmock.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/repl_testing.h"
#include "ordo/lm/run_chat.h"

namespace ordo::lm {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

// Repeats what was said in two pieces, and may do something in between.
class Echo : public Speaker {
 public:
  std::string answer(const Json::Array& messages, const TextReceiver& receive, Context&) override {
    const std::string& words = messages.back().find("content")->as_string();
    if (words == "refuse") throw IoError("nobody listens");
    if (receive) receive("You said: ");
    if (words == "break off") throw IoError("broke off");
    if (words == "interrupt") throw Interrupted();
    if (receive) receive(words);
    return "You said: " + words;
  }
};

std::string contents(const Conversation& conversation) {
  std::string all;
  for (const Json& message : conversation.messages()) {
    all += message.find("role")->as_string().substr(0, 1) + ":" +
           message.find("content")->as_string() + "|";
  }
  return all;
}

TEST(Conversation, TakesWordsBackThatGotNoAnswer) {
  Echo echo;
  Context context;
  Conversation conversation;
  conversation.say("one", echo, {}, context);
  EXPECT_THROW(conversation.say("refuse", echo, {}, context), IoError);
  EXPECT_THROW(conversation.say("break off", echo, [](std::string_view) {}, context), IoError);
  EXPECT_EQ(contents(conversation), "u:one|a:You said: one|");
}

TEST(Conversation, KeepsWhatHasComeOfAnInterruptedAnswer) {
  Echo echo;
  Context context;
  Conversation conversation;
  EXPECT_THROW(conversation.say("interrupt", echo, {}, context), Interrupted);
  EXPECT_EQ(contents(conversation), "");
  EXPECT_THROW(conversation.say("interrupt", echo, [](std::string_view) {}, context), Interrupted);
  EXPECT_EQ(contents(conversation), "u:interrupt|a:You said: |");
}

TEST(Conversation, IsReadAsItWasSaved) {
  const TempFolder folder;
  Echo echo;
  Context context;
  Conversation conversation;
  conversation.say("\"one\"\nü", echo, {}, context);
  conversation.instruct("be brief");
  conversation.save(folder.path() / "talk.json");
  Conversation read = Conversation::read(folder.path() / "talk.json");
  EXPECT_EQ(contents(read), "s:be brief|u:\"one\"\nü|a:You said: \"one\"\nü|");
  read.reset();
  EXPECT_EQ(contents(read), "s:be brief|");
}

TEST(Conversation, NamesWhatIsNoMessage) {
  const TempFolder folder;
  const fs::path file = folder.path() / "talk.json";
  const auto refused = [&](const std::string& text, const std::string& message) {
    write_file_atomic(file, text);
    EXPECT_THAT([&] { Conversation::read(file); },
                ThrowsMessage<InputError>(AllOf(HasSubstr("talk.json"), HasSubstr(message))));
  };
  refused("{\"role\": \"user\"}", "expected an array of messages, found an object");
  refused("[{\"role\": \"user\", \"content\": \"a\"}, 3]", "/1/role");
  refused("[{\"role\": \"user\", \"content\": [1]}]", "/0/content: expected a string");
  refused("[{\"role\": \"user\"", "talk.json");
}

class Session : public testing::Test {
 protected:
  // What a session shows of these lines, without its greeting.
  std::string play(std::deque<std::string> typed, const fs::path& file = {}) {
    std::string shown;
    const auto write = [&](std::string_view text) { shown += text; };
    Repl session(chat_language(conversation_, echo_, write, file));
    ScriptedLines lines(std::move(typed));
    session.run(lines, write, [] { return Context(); });
    return shown.substr(shown.find('\n') + 1);
  }

  const TempFolder folder_;
  Echo echo_;
  Conversation conversation_;
};

TEST_F(Session, AnswersAndGoesOnAfterErrors) {
  EXPECT_EQ(play({"hello", "refuse", "break off", "interrupt", "^C", "/rest", "two\\\nlines",
                  "/quit", "never"}),
            "You said: hello\n"
            "nobody listens\n"
            "You said: \nbroke off\n"
            "You said: \ninterrupted\n"
            "interrupted\n"
            "there is no command '/rest'; did you mean '/reset'?\n"
            "You said: two\nlines\n");
  EXPECT_EQ(contents(conversation_),
            "u:hello|a:You said: hello|u:interrupt|a:You said: |"
            "u:two\nlines|a:You said: two\nlines|");
}

TEST_F(Session, LinesThatEndWithABackslashGoOn) {
  EXPECT_EQ(play({"one\\", "two"}), "You said: one\ntwo\n");
}

TEST_F(Session, ForgetsAllButTheInstructions) {
  conversation_.instruct("be brief");
  EXPECT_EQ(play({"hello", "/reset"}), "You said: hello\nforgotten\n");
  EXPECT_EQ(contents(conversation_), "s:be brief|");
}

TEST_F(Session, SavesWhereItIsTold) {
  const fs::path given = folder_.path() / "given.json", named = folder_.path() / "named.json";
  EXPECT_EQ(play({"/save"}), "expected a file: /save FILE\n");
  EXPECT_EQ(play({"hello", "/save", "/save " + named.string()}, given),
            "You said: hello\nsaved 2 messages to '" + given.string() + "'\nsaved 2 messages to '" +
                named.string() + "'\n");
  EXPECT_EQ(contents(Conversation::read(given)), "u:hello|a:You said: hello|");
  EXPECT_EQ(read_file(given), read_file(named));
  EXPECT_THAT(play({"/save " + (folder_.path() / "no/where.json").string(), "still here"}),
              AllOf(HasSubstr("where.json"), HasSubstr("You said: still here")));
}

}  // namespace
}  // namespace ordo::lm
