// Lines typed at a terminal, with libedit: editing keys, history across sessions, completion by
// Tab.
#pragma once

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cwchar>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <unistd.h>

#include <histedit.h>
#include <langinfo.h>

#include "apps/interrupts.h"
#include "ordo/base/error.h"
#include "ordo/base/repl.h"

namespace ordo::apps {

class LineEditor : public LineReader {
 public:
  using Complete = std::function<Completion(std::string_view line)>;

  /// `history` may be empty: then it lasts for the session.
  LineEditor(const Interrupts& interrupts, std::filesystem::path history_file, Complete complete)
      : interrupts_(interrupts),
        history_file_(std::move(history_file)),
        complete_(std::move(complete)) {
    std::setlocale(LC_CTYPE, "");
    if (std::strcmp(::nl_langinfo(CODESET), "UTF-8") != 0) std::setlocale(LC_CTYPE, "C.UTF-8");
    editor_ = ::el_init("ordo", stdin, stdout, stderr);
    history_ = ::history_init();
    ::HistEvent event;
    ::history(history_, &event, H_SETSIZE, 1000);
    ::history(history_, &event, H_SETUNIQUE, 1);
    if (!history_file_.empty()) ::history(history_, &event, H_LOAD, history_file_.c_str());
    ::el_set(editor_, EL_CLIENTDATA, this);
    ::el_set(editor_, EL_EDITOR, "emacs");
    ::el_set(editor_, EL_SIGNAL, 0);
    ::el_set(editor_, EL_HIST, ::history, history_);
    ::el_set(editor_, EL_PROMPT, &LineEditor::prompt);
    ::el_wset(editor_, EL_GETCFN, &LineEditor::read_character);
    ::el_set(editor_, EL_ADDFN, "ordo-complete", "Completes a word", &LineEditor::complete);
    ::el_set(editor_, EL_BIND, "^I", "ordo-complete", nullptr);
    constexpr std::pair<const char*, const char*> kKeys[] = {
        {"^R", "em-inc-search-prev"},
        // Home, End, Delete and Ctrl with the arrows, as terminals send them.
        {"\\e[H", "ed-move-to-beg"},
        {"\\eOH", "ed-move-to-beg"},
        {"\\e[1~", "ed-move-to-beg"},
        {"\\e[F", "ed-move-to-end"},
        {"\\eOF", "ed-move-to-end"},
        {"\\e[4~", "ed-move-to-end"},
        {"\\e[1;5D", "ed-prev-word"},
        {"\\e[1;5C", "em-next-word"},
        {"\\e[3~", "ed-delete-next-char"}};
    for (const auto& [key, command] : kKeys) ::el_set(editor_, EL_BIND, key, command, nullptr);
    ::el_source(editor_, nullptr);  // the user's own .editrc
  }
  ~LineEditor() override {
    ::el_end(editor_);
    ::history_end(history_);
  }
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  std::optional<std::string> read_line(const std::string& prompt) override {
    prompt_ = prompt;
    int length = 0;
    const char* line = ::el_gets(editor_, &length);
    if (interrupts_.stop_requested()) {
      std::fputs("^C\n", stdout);
      throw Interrupted();
    }
    if (line == nullptr || length <= 0) {
      std::fputc('\n', stdout);
      return std::nullopt;
    }
    std::string text(line, static_cast<std::size_t>(length));
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    return text;
  }

  /// Lines one by one: joined, a comment would swallow what came below it.
  void remember(const std::string& entry) override {
    ::HistEvent event;
    for (std::size_t from = 0; from <= entry.size();) {
      const std::size_t to = std::min(entry.find('\n', from), entry.size());
      if (to > from) ::history(history_, &event, H_ENTER, entry.substr(from, to - from).c_str());
      from = to + 1;
    }
    if (history_file_.empty()) return;
    std::error_code ignored;
    std::filesystem::create_directories(history_file_.parent_path(), ignored);
    ::history(history_, &event, H_SAVE, history_file_.c_str());
  }

 private:
  static LineEditor& self(EditLine* editor) {
    void* data = nullptr;
    ::el_get(editor, EL_CLIENTDATA, &data);
    return *static_cast<LineEditor*>(data);
  }
  static char* prompt(EditLine* editor) { return self(editor).prompt_.data(); }

  // -1 on a stop, 0 at the end of input.
  static int read_character(EditLine* editor, wchar_t* character) {
    std::mbstate_t state{};
    while (true) {
      switch (self(editor).interrupts_.wait()) {
        case Interrupts::Event::stop:
          return -1;
        case Interrupts::Event::redraw:
          ::el_resize(editor);
          ::el_set(editor, EL_REFRESH);
          continue;
        case Interrupts::Event::input:
          break;
      }
      char byte = 0;
      const ssize_t count = self(editor).interrupts_.read(&byte, 1);
      if (count < 0) continue;
      if (count == 0) return 0;
      const std::size_t length = std::mbrtowc(character, &byte, 1, &state);
      if (length == static_cast<std::size_t>(-2)) continue;
      if (length == static_cast<std::size_t>(-1)) *character = L'\uFFFD';
      return 1;
    }
  }

  static unsigned char complete(EditLine* editor, int) {
    const LineInfo* line = ::el_line(editor);
    const std::string_view before(line->buffer,
                                  static_cast<std::size_t>(line->cursor - line->buffer));
    const Completion found = self(editor).complete_(before);
    if (found.words.empty()) return CC_REFRESH_BEEP;
    std::string common = found.words.front();
    for (const std::string& word : found.words) {
      const auto differ = std::mismatch(common.begin(), common.end(), word.begin(), word.end());
      common.erase(differ.first, common.end());
    }
    if (const std::string more =
            common.substr(std::min(before.size() - found.start, common.size()));
        !more.empty()) {
      return ::el_insertstr(editor, more.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
    }
    if (found.words.size() == 1) return CC_REFRESH;
    std::fputc('\n', stdout);
    for (const std::string& word : found.words) std::fprintf(stdout, "%s  ", word.c_str());
    std::fputc('\n', stdout);
    return CC_REDISPLAY;
  }

  const Interrupts& interrupts_;
  std::filesystem::path history_file_;
  Complete complete_;
  std::string prompt_;
  EditLine* editor_ = nullptr;
  ::History* history_ = nullptr;
};

}  // namespace ordo::apps
