#include "ordo/text/choice_questions.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include <fmt/format.h>

#include "ordo/base/csv.h"
#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/jsonl.h"

namespace ordo::text {
namespace {

namespace fs = std::filesystem;

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

// HellaSwag's texts come from WikiHow: titles become sentences, other marks in brackets go.
std::string without_marks(std::string text) {
  const auto is_space = [](unsigned char character) { return std::isspace(character) != 0; };
  text.erase(text.begin(), std::ranges::find_if_not(text, is_space));
  while (!text.empty() && is_space(static_cast<unsigned char>(text.back()))) text.pop_back();
  replace_all(text, " [title]", ". ");
  for (std::size_t open = text.find('['); open != text.npos; open = text.find('[', open)) {
    const std::size_t close = text.find(']', open);
    if (close == text.npos) break;
    text.erase(open, close - open + 1);
  }
  // One pass: "   " becomes "  ", as in the reference.
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    result += text[at];
    if (text[at] == ' ' && at + 1 < text.size() && text[at + 1] == ' ') ++at;
  }
  return result;
}

// As Python's capitalize: the first letter large, the others small.
std::string capitalised(std::string text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto letter = static_cast<unsigned char>(text[at]);
    text[at] = static_cast<char>(at == 0 ? std::toupper(letter) : std::tolower(letter));
  }
  return text;
}

class Line {
 public:
  Line(const Json& json, Location where) : json_(json), where_(std::move(where)) {}

  bool has(const char* key) const { return json_.find(key) != nullptr; }
  [[noreturn]] void fail(const std::string& key, const std::string& message) const {
    Location place = where_;
    place.field = "/" + key;
    throw InputError(place, message);
  }
  std::string text(const char* key) const {
    const Json* const member = json_.find(key);
    if (member == nullptr || !member->is_string()) fail(key, "expected a string");
    return member->as_string();
  }
  std::vector<std::string> texts(const char* key) const {
    const Json* const member = json_.find(key);
    if (member == nullptr || !member->is_array() || member->size() < 2) {
      fail(key, "expected an array of at least two strings");
    }
    std::vector<std::string> all;
    for (const Json& one : member->as_array()) {
      if (!one.is_string()) fail(key, fmt::format("expected strings, found {}", one.dump()));
      all.push_back(one.as_string());
    }
    return all;
  }
  // A number from 0, as such or in a string, or a letter from A.
  std::size_t place(const char* key, std::size_t count) const {
    const Json* const member = json_.find(key);
    std::int64_t number = -1;
    if (member != nullptr && member->is_int()) number = member->as_int();
    if (member != nullptr && member->is_string() && member->as_string().size() == 1) {
      const char mark = member->as_string()[0];
      number = mark >= '0' && mark <= '9' ? mark - '0' : mark - 'A';
    }
    if (number < 0 || std::cmp_greater_equal(number, count)) {
      fail(key, fmt::format("expected which of the {} answers is right (0 to {}, or a letter), "
                            "found {}",
                            count, count - 1, member == nullptr ? "nothing" : member->dump()));
    }
    return static_cast<std::size_t>(number);
  }

 private:
  const Json& json_;
  Location where_;
};

ChoiceQuestion hellaswag(const Line& line) {
  ChoiceQuestion question;
  std::string context = line.has("ctx_a") && line.has("ctx_b")
                            ? line.text("ctx_a") + " " + capitalised(line.text("ctx_b"))
                            : line.text("ctx");
  if (line.has("activity_label")) context = line.text("activity_label") + ": " + context;
  question.context = without_marks(std::move(context));
  for (const std::string& ending : line.texts("endings")) {
    question.answers.push_back(without_marks(ending));
  }
  question.right = line.place("label", question.answers.size());
  return question;
}

ChoiceQuestion plain(const Line& line) {
  ChoiceQuestion question{.context = line.text("question"), .answers = line.texts("choices")};
  question.right = line.place("answer", question.answers.size());
  if (line.has("subject")) question.subject = line.text("subject");
  return question;
}

std::string without_spaces_around(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

// The answers' letters, which are all that MMLU's answers are.
constexpr std::string_view kLetters = "ABCD";

std::string asked(const CsvRow& row) {
  std::string text = without_spaces_around(std::string(row.fields[0]));
  for (std::size_t answer = 0; answer < kLetters.size(); ++answer) {
    text += fmt::format("\n{}. {}", kLetters[answer], row.fields[answer + 1]);
  }
  return text + "\nAnswer:";
}

std::vector<ChoiceQuestion> read_subject(const fs::path& file) {
  return parse_mmlu(read_file(file), file.string());
}

}  // namespace

std::vector<ChoiceQuestion> parse_choice_lines(std::string_view text, const std::string& source) {
  std::vector<ChoiceQuestion> questions;
  visit_jsonl(text, source, [&](const Json& json, std::size_t number) {
    const Line line(json, {.source = source, .line = number});
    questions.push_back(line.has("endings") ? hellaswag(line) : plain(line));
  });
  if (questions.empty()) throw InputError({.source = source}, "holds no questions");
  return questions;
}

std::vector<ChoiceQuestion> read_choice_lines(const fs::path& file) {
  return parse_choice_lines(read_file(file), file.string());
}

std::vector<ChoiceQuestion> parse_mmlu(std::string_view text, const std::string& source) {
  std::vector<ChoiceQuestion> questions;
  visit_csv(text, source, {.header = CsvHeader::absent}, [&](const CsvRow& row) {
    const std::size_t right =
        row.fields.size() == kLetters.size() + 2 && row.fields.back().size() == 1
            ? kLetters.find(row.fields.back()[0])
            : kLetters.npos;
    if (right == kLetters.npos) {
      throw InputError({.source = source, .line = row.line},
                       "expected a question, four answers and the letter of the right one");
    }
    questions.push_back({.context = asked(row), .answers = {"A", "B", "C", "D"}, .right = right});
  });
  return questions;
}

std::vector<ChoiceQuestion> read_mmlu(const fs::path& folder, std::int64_t shots) {
  std::vector<fs::path> files;
  if (!fs::is_directory(folder / "test")) {
    throw IoError(
        fmt::format("'{}' is no MMLU folder: expected a folder 'test' with files "
                    "SUBJECT_test.csv",
                    folder.string()));
  }
  for (const auto& entry : fs::directory_iterator(folder / "test")) {
    if (entry.path().filename().string().ends_with("_test.csv")) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<ChoiceQuestion> questions;
  for (const fs::path& file : files) {
    const std::string stem = file.stem().string();
    const std::string subject = stem.substr(0, stem.size() - std::string("_test").size());
    std::string name = subject;
    std::ranges::replace(name, '_', ' ');
    std::string header = fmt::format(
        "The following are multiple choice questions (with answers) about {}.\n\n", name);
    if (shots > 0) {
      const fs::path solved = folder / "dev" / (subject + "_dev.csv");
      const std::vector<ChoiceQuestion> known = read_subject(solved);
      if (std::cmp_less(known.size(), shots)) {
        throw InputError(
            {.source = solved.string()},
            fmt::format("holds {} solved questions, expected {}", known.size(), shots));
      }
      for (std::size_t shot = 0; std::cmp_less(shot, shots); ++shot) {
        header += fmt::format("{} {}\n\n", known[shot].context, kLetters[known[shot].right]);
      }
    }
    for (ChoiceQuestion& question : read_subject(file)) {
      question.context.insert(0, header);
      question.subject = subject;
      questions.push_back(std::move(question));
    }
  }
  if (questions.empty()) {
    throw InputError({.source = (folder / "test").string()}, "holds no SUBJECT_test.csv");
  }
  return questions;
}

}  // namespace ordo::text
