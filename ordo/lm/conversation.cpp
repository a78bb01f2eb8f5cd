#include "ordo/lm/conversation.h"

#include <algorithm>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/text/chat_messages.h"

namespace ordo::lm {
namespace {

bool has_role(const Json& message, std::string_view role) {
  return message.find("role")->as_string() == role;
}

}  // namespace

Conversation Conversation::read(const std::filesystem::path& file) {
  Conversation conversation;
  conversation.messages_ = text::parse_chat_messages(read_file(file), file.string());
  return conversation;
}

void Conversation::save(const std::filesystem::path& file) const {
  write_file_atomic(file, Json(messages_).dump(2) + "\n");
}

void Conversation::instruct(const std::string& system) {
  add("system", system);
  std::ranges::rotate(messages_, std::prev(messages_.end()));
}

bool Conversation::waits_for_answer() const {
  return !messages_.empty() && has_role(messages_.back(), "user");
}

void Conversation::answer(Speaker& speaker, const TextReceiver& receive, Context& context) {
  add("assistant", speaker.answer(messages_, receive, context));
}

void Conversation::say(const std::string& words, Speaker& speaker, const TextReceiver& receive,
                       Context& context) {
  std::string heard;
  const auto listen = [&](std::string_view piece) {
    heard += piece;
    receive(piece);
  };
  add("user", words);
  try {
    answer(speaker, receive ? TextReceiver(listen) : receive, context);
  } catch (const Interrupted&) {
    if (heard.empty())
      messages_.pop_back();
    else
      add("assistant", heard);
    throw;
  } catch (...) {
    messages_.pop_back();
    throw;
  }
}

void Conversation::reset() {
  const auto begin = std::ranges::find_if_not(
      messages_, [](const Json& message) { return has_role(message, "system"); });
  messages_.erase(begin, messages_.end());
}

void Conversation::add(const std::string& role, const std::string& content) {
  messages_.push_back(Json::object({{"role", role}, {"content", content}}));
}

}  // namespace ordo::lm
