#include "ordo/lm/run_chat.h"

#include <utility>

#include <fmt/format.h>

#include "ordo/base/error.h"

namespace ordo::lm {
namespace {

namespace fs = std::filesystem;

// A line that ends with a backslash goes on in the next.
std::string joined_lines(std::string entry) {
  for (std::size_t at = 0; (at = entry.find("\\\n", at)) != std::string::npos;) entry.erase(at, 1);
  return entry;
}

}  // namespace

void ChatOptions::describe(OptionSet& set) {
  set.positional("say", say,
                 "What you say; several are answered in turn. Nothing: a conversation at the "
                 "terminal.");
  speaker.describe(set);
  set.add("system", system, "Instructions before all else.");
  set.add("conversation", conversation,
          "JSON array of messages ({\"role\": ..., \"content\": ...}) to go on from.")
      .placeholder("FILE");
}

Conversation begin_conversation(const ChatOptions& options) {
  Conversation conversation;
  if (!options.conversation.empty()) conversation = Conversation::read(options.conversation);
  if (!options.system.empty()) conversation.instruct(options.system);
  return conversation;
}

ChatResult chat(const ChatOptions& options, http::Secret key, Context& context,
                const TextReceiver& receive) {
  options.speaker.check();
  Conversation conversation = begin_conversation(options);
  if (options.say.empty() && !conversation.waits_for_answer()) {
    throw UsageError(
        "expected something to say, or a --conversation that ends with the user; without either, "
        "a terminal");
  }
  const auto speaker = open_speaker(options.speaker, std::move(key), context);
  ChatResult result{.first_new = conversation.messages().size()};
  const auto end_answer = [&] {
    if (receive) receive("\n");
  };
  if (options.say.empty()) {
    conversation.answer(*speaker, receive, context);
    end_answer();
  }
  for (const std::string& words : options.say) {
    conversation.say(words, *speaker, receive, context);
    end_answer();
  }
  result.messages = conversation.messages();
  return result;
}

Json to_json(const ChatResult& result) {
  return Json::object({{"messages", Json(result.messages)}});
}

std::string to_text(const ChatResult& result) {
  std::string out;
  for (std::size_t place = result.first_new; place < result.messages.size(); ++place) {
    const Json& one = result.messages[place];
    if (*one.find("role") == Json("assistant")) out += one.find("content")->as_string() + "\n";
  }
  return out;
}

ReplLanguage chat_language(Conversation& conversation, Speaker& speaker, TextReceiver write,
                           std::filesystem::path file) {
  ReplLanguage language;
  language.greeting = "Ctrl-C stops an answer, Ctrl-D leaves; /help lists the commands.";
  language.prompt = "> ";
  language.command_sign = '/';
  language.is_incomplete = [](const std::string& entry) { return entry.ends_with('\\'); };
  language.evaluate = [&conversation, &speaker, write](const std::string& entry, Context& context) {
    bool has_begun = false;
    const auto show = [&](std::string_view piece) {
      has_begun = true;
      write(piece);
    };
    try {
      conversation.say(joined_lines(entry), speaker, show, context);
    } catch (const Error&) {
      if (has_begun) write("\n");  // what is said of it stands on a line of its own
      throw;
    }
    return std::string("\n");
  };
  language.commands.push_back({"reset", "", "forget what was said, but for the instructions",
                               [&conversation](const std::string&, Context&) {
                                 conversation.reset();
                                 return std::string("forgotten");
                               }});
  language.commands.push_back(
      {"save", "FILE", "write the conversation, for --conversation to go on from",
       [&conversation, file = std::move(file)](const std::string& argument, Context&) {
         const fs::path target = argument.empty() ? file : fs::path(argument);
         if (target.empty()) throw UsageError("expected a file: /save FILE");
         conversation.save(target);
         return fmt::format("saved {} messages to '{}'", conversation.messages().size(),
                            target.string());
       }});
  return language;
}

}  // namespace ordo::lm
