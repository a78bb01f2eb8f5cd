#include "ordo/machine/rmc_word_file.h"

#include <array>
#include <cctype>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "ordo/machine/lexer.h"
#include "ordo/machine/rmc_dialect.h"

namespace ordo::machine::rmc {
namespace {

class WordFile {
 public:
  WordFile(Terms& terms, const std::filesystem::path& path)
      : terms_(terms),
        name_(path == "-" ? "<stdin>" : path.string()),
        file_(path == "-" ? stdin : std::fopen(path.c_str(), "rb")) {
    if (file_ == nullptr) throw IoError::from_errno("open", name_, errno);
    if (std::filesystem::is_directory(path)) {
      throw IoError(fmt::format("cannot read '{}': it is a folder", name_));
    }
  }
  ~WordFile() {
    if (file_ != stdin) std::fclose(file_);
  }
  WordFile(const WordFile&) = delete;
  WordFile& operator=(const WordFile&) = delete;

  std::optional<TermId> next() {
    while (true) {
      const int c = peek();
      if (c < 0) return std::nullopt;
      if (c == '\n' || c == ' ' || c == '\t' || c == '\r') {
        take();
        in_run_ = false;
      } else if (c == '%' || (c == '-' && peek(1) == '-')) {
        while (peek() >= 0 && peek() != '\n') take();
        in_run_ = false;
      } else if (!in_run_ && (at_word("eps") || at_word("ε"))) {
        for (std::size_t left = c == 'e' ? 3 : 2; left > 0; --left) take();
      } else if (!in_run_ && at_word("empty")) {
        refuse();
      } else if (c == '\'') {
        in_run_ = false;
        return quoted();
      } else {
        in_run_ = true;
        return letter(static_cast<unsigned char>(c));
      }
    }
  }

 private:
  // The byte `ahead` of the next one; -1 behind the end.
  int peek(std::size_t ahead = 0) {
    if (end_ - at_ <= ahead && !ended_) read_on();
    return at_ + ahead < end_ ? static_cast<unsigned char>(bytes_[at_ + ahead]) : -1;
  }
  void read_on() {
    std::copy(bytes_.begin() + static_cast<std::ptrdiff_t>(at_),
              bytes_.begin() + static_cast<std::ptrdiff_t>(end_), bytes_.begin());
    end_ -= at_;
    at_ = 0;
    const std::size_t count = std::fread(bytes_.data() + end_, 1, bytes_.size() - end_, file_);
    if (std::ferror(file_) != 0) throw IoError::from_errno("read", name_, errno);
    end_ += count;
    ended_ = count == 0;
  }
  void take() {
    if (bytes_[at_++] == '\n') {
      ++line_;
      column_ = 1;
    } else {
      ++column_;
    }
  }

  // The length of the letter `ahead`, 0 if there is none.
  std::size_t letter_length(std::size_t ahead) {
    const int c = peek(ahead);
    if (c < 0) return 0;
    if (c < 0x80) return std::isalnum(c) != 0 ? 1 : 0;
    (void)peek(ahead + 3);
    const std::string_view text(bytes_.data() + at_, end_ - at_);
    const std::size_t length = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    const std::string_view character = text.substr(ahead, length);
    std::uint32_t found = 0;
    if (character.size() < length || find_invalid_utf8(character)) return 0;
    return is_wide_letter(character, 0, found) ? length : 0;
  }
  // Whether these letters come and are a word of their own, as the regular expressions `eps` and
  // `empty` must be.
  bool at_word(std::string_view word) {
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (peek(i) != static_cast<unsigned char>(word[i])) return false;
    }
    return letter_length(word.size()) == 0;
  }
  [[noreturn]] void refuse() const {
    fail("expected a letter", "a word is letters and digits; longer symbols stand between quotes");
  }
  TermId letter(unsigned char c) {
    const std::size_t length = letter_length(0);
    if (length == 0) refuse();
    text_.assign(bytes_.data() + at_, length);
    at_ += length;
    column_ += length;
    if (length > 1) return symbol_constant(terms_, text_, {"end"});
    if (!known_[c]) known_[c] = symbol_constant(terms_, text_, {"end"});
    return *known_[c];
  }
  TermId quoted() {
    const Location open{name_, line_, column_, {}};
    take();
    text_.clear();
    for (int c = peek(); c != '\''; c = peek()) {
      if (c < 0 || c == '\n') throw InputError(open, "this quoted letter is not closed");
      text_ += static_cast<char>(c);
      take();
    }
    take();
    if (text_.empty()) throw InputError(open, "a letter has at least one character");
    if (find_invalid_utf8(text_)) throw InputError(open, "this quoted letter is not UTF-8");
    return symbol_constant(terms_, text_, {"end"});
  }
  [[noreturn]] void fail(const std::string& message, const std::string& hint) const {
    throw InputError({name_, line_, column_, {}}, fmt::format("{} ({})", message, hint));
  }

  Terms& terms_;
  std::string name_;
  std::FILE* file_;
  std::array<char, 1 << 16> bytes_ = {};
  std::size_t at_ = 0, end_ = 0;
  bool ended_ = false;
  bool in_run_ = false;  // a letter stands right before
  std::size_t line_ = 1, column_ = 1;
  std::string text_;
  std::array<std::optional<TermId>, 128> known_ = {};  // constants of ASCII letters
};

}  // namespace

StackStream word_file(Terms& terms, Symbol location, const std::filesystem::path& path) {
  auto file = std::make_shared<WordFile>(terms, path);
  return {location, [file] { return file->next(); }};
}

}  // namespace ordo::machine::rmc
