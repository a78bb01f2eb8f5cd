// From Oniguruma's Ruby syntax to PCRE2's. They differ in what tokenizers use:
//
//   \h            a hexadecimal digit here, horizontal space there
//   \s \d \w      Unicode's White_Space, Nd, and letters, marks, digits, connectors
//   \p{...}       of the Unicode of PCRE2's build, which may be older than that of the tokenizer
//
// So these become classes out of the room's tables: \p{L} is kept and what PCRE2 lacks is added.
#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include <fmt/format.h>

#include <pcre2.h>

#include "ordo/base/error.h"
#include "ordo/text/regex.h"
#include "ordo/text/unicode.h"

namespace ordo::text {
namespace {

using Test = std::function<bool(char32_t)>;

constexpr std::string_view kCategoryNames[] = {
    "Cn", "Cc", "Cf", "Co", "Cs", "Ll", "Lm", "Lo", "Lt", "Lu", "Mc", "Me", "Mn", "Nd", "Nl",
    "No", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "Sc", "Sk", "Sm", "So", "Zl", "Zp", "Zs"};

std::string_view category_name(char32_t point) {
  return kCategoryNames[static_cast<std::size_t>(category_of(point_kinds()(point)))];
}

// The code points of a test as ranges inside brackets.
std::string as_ranges(const Test& test) {
  std::string text;
  for (char32_t point = 0; point < 0x110000; ++point) {
    if (point - 0xD800 < 0x800 || !test(point)) continue;
    char32_t last = point;
    while (last + 1 < 0x110000 && last + 1 != 0xD800 && test(last + 1)) ++last;
    text += fmt::format("\\x{{{:X}}}", static_cast<std::uint32_t>(point));
    if (last > point) text += fmt::format("-\\x{{{:X}}}", static_cast<std::uint32_t>(last));
    point = last;
  }
  return text;
}

// Those of the code points that PCRE2's `item` (inside brackets) matches.
std::vector<bool> matched_by_pcre(const std::string& item) {
  std::string all;
  for (char32_t point = 0; point < 0x110000; ++point) {
    if (point - 0xD800 >= 0x800) append_utf8(all, point);
  }
  const std::string pattern = "[" + item + "]++";
  int error = 0;
  PCRE2_SIZE place = 0;
  pcre2_code* const code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                    PCRE2_UTF | PCRE2_UCP, &error, &place, nullptr);
  std::vector<bool> matched(0x110000);
  if (code == nullptr) return matched;
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
  pcre2_match_data* const data = pcre2_match_data_create(1, nullptr);
  const PCRE2_SIZE* const ends = pcre2_get_ovector_pointer(data);
  for (std::size_t from = 0; pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(all.data()), all.size(),
                                         from, PCRE2_NO_UTF_CHECK, data, nullptr) > 0;
       from = ends[1]) {
    for (std::size_t at = ends[0]; at < ends[1];) {
      const DecodedPoint point = decode_point(all, at);
      matched[point.value] = true;
      at += point.length;
    }
  }
  pcre2_match_data_free(data);
  pcre2_code_free(code);
  return matched;
}

// What stands inside brackets for the general category (or its first letter) of that name. The
// answer is kept: it costs some milliseconds.
std::string category_item(const std::string& name) {
  static std::mutex mutex;
  static std::map<std::string, std::string> known;
  const std::lock_guard lock(mutex);
  const auto place = known.find(name);
  if (place != known.end()) return place->second;
  const Test test = [&](char32_t point) { return category_name(point).starts_with(name); };
  std::string item = "\\p{" + name + "}";
  const std::vector<bool> matched = matched_by_pcre(item);
  bool too_many = false;
  for (char32_t point = 0; point < 0x110000; ++point) {
    too_many = too_many || (matched[point] && !test(point));
  }
  item = too_many
             ? as_ranges(test)
             : item + as_ranges([&](char32_t point) { return !matched[point] && test(point); });
  known[name] = item;
  return item;
}

const std::string& space_item() {
  static const std::string spaces =
      as_ranges([](char32_t point) { return has(point, PointFlag::white_space); });
  return spaces;
}

// To Oniguruma the superscripts and fractions of Latin-1 are words when \w stands alone, and none
// inside brackets.
const std::string& word_item(bool in_class) {
  static const std::string alone =
      as_ranges([](char32_t point) { return has(point, PointFlag::regex_word); });
  static const std::string inside = as_ranges([](char32_t point) {
    return has(point, PointFlag::regex_word) && category_of(point_kinds()(point)) != Category::no;
  });
  return in_class ? inside : alone;
}

bool is_category(std::string_view name) {
  return std::any_of(std::begin(kCategoryNames), std::end(kCategoryNames),
                     [&](std::string_view one) { return !name.empty() && one.starts_with(name); });
}

class Translator {
 public:
  Translator(std::string_view pattern, const std::string& where)
      : pattern_(pattern), where_(where) {}

  std::string translate() {
    while (at_ < pattern_.size()) {
      const char c = pattern_[at_];
      if (c == '\\') {
        escape();
      } else if (c == '[' && !in_class()) {
        open_class();
      } else if (c == '[' && pattern_.substr(at_).starts_with("[:")) {
        posix_class();
      } else if (c == '[') {
        fail("one class inside another");
      } else if (c == ']' && in_class()) {
        class_begin_ = kNowhere;
        copy(1);
      } else if (in_class() && pattern_.substr(at_).starts_with("&&")) {
        fail("the intersection of classes, '&&'");
      } else {
        copy(1);
      }
    }
    return std::move(out_);
  }

 private:
  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

  [[noreturn]] void fail(const std::string& what) const {
    throw InputError(
        {.source = where_},
        fmt::format("the regular expression '{}' uses {}, which is not supported", pattern_, what));
  }

  bool in_class() const { return class_begin_ != kNowhere; }

  void copy(std::size_t count) {
    out_ += pattern_.substr(at_, count);
    at_ += count;
  }

  void open_class() {
    class_begin_ = out_.size();
    copy(1);
    if (pattern_.substr(at_).starts_with("^")) copy(1);
    if (pattern_.substr(at_).starts_with("]")) {  // a bracket that comes first is itself
      out_ += "\\]";
      ++at_;
    }
  }

  void posix_class() {
    const std::size_t end = pattern_.find(":]", at_);
    if (end == std::string_view::npos) fail("an open [: in a class");
    std::string_view name = pattern_.substr(at_ + 2, end - at_ - 2);
    const bool negated = name.starts_with("^");
    if (negated) name.remove_prefix(1);
    if (name == "space" || name == "word") {
      item(name == "space" ? space_item() : word_item(true), negated);
    } else {
      out_ += pattern_.substr(at_, end + 2 - at_);
    }
    at_ = end + 2;
  }

  // Puts what stands inside brackets, or its opposite, where the translation is.
  void item(const std::string& inside, bool negated) {
    if (in_class()) {
      out_ += negated ? complement(inside) : inside;
    } else {
      out_ += (negated ? "[^" : "[") + inside + "]";
    }
  }

  static std::string complement(const std::string& inside) {
    const std::vector<bool> matched = matched_by_pcre(inside);
    return as_ranges([&](char32_t point) { return !matched[point]; });
  }

  void escape() {
    if (at_ + 1 >= pattern_.size()) fail("a '\\' at its end");
    const char c = pattern_[at_ + 1];
    at_ += 2;
    switch (c) {
      case 's':
      case 'S':
        return item(space_item(), c == 'S');
      case 'w':
      case 'W':
        return item(word_item(in_class()), c == 'W');
      case 'd':
      case 'D':
        return item(category_item("Nd"), c == 'D');
      case 'h':
      case 'H':
        return item("0-9A-Fa-f", c == 'H');
      case 'p':
      case 'P':
        return property(c == 'P');
      case 'u':
        return code_point();
      default:
        out_ += '\\';
        out_ += c;
    }
  }

  // Four hexadecimal digits.
  void code_point() {
    const std::string_view digits = pattern_.substr(at_, 4);
    if (digits.size() < 4 || digits.find_first_not_of("0123456789abcdefABCDEF") != digits.npos) {
      fail("a '\\u' that four hexadecimal digits do not follow");
    }
    out_ += fmt::format("\\x{{{}}}", digits);
    at_ += digits.size();
  }

  void property(bool negated) {
    std::string_view name;
    if (pattern_.substr(at_).starts_with("{")) {
      const std::size_t end = pattern_.find('}', at_);
      if (end == std::string_view::npos) fail("an open \\p{");
      name = pattern_.substr(at_ + 1, end - at_ - 1);
      at_ = end + 1;
    } else {
      name = pattern_.substr(at_, 1);
      at_ += name.size();
    }
    if (name.starts_with("^")) {
      negated = !negated;
      name.remove_prefix(1);
    }
    if (name == "Letter") name = "L";
    if (name == "Number") name = "N";
    if (name == "Punctuation" || name == "Punct") name = "P";
    if (name == "White_Space" || name == "Space") {
      item(space_item(), negated);
    } else if (name == "Word") {
      item(word_item(in_class()), negated);
    } else if (is_category(name)) {
      item(category_item(std::string(name)), negated);
    } else {
      item(fmt::format("\\p{{{}}}", name), negated);  // scripts: as PCRE2 knows them
    }
  }

  std::string_view pattern_;
  const std::string& where_;
  std::size_t at_ = 0;
  std::size_t class_begin_ = kNowhere;
  std::string out_;
};

}  // namespace

std::string to_pcre_syntax(std::string_view pattern, const std::string& where) {
  return Translator(pattern, where).translate();
}

}  // namespace ordo::text
