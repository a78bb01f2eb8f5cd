#include "ordo/lm/multiple_choice.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "ordo/base/csv.h"
#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/jsonl.h"
#include "ordo/lm/score.h"

namespace ordo::lm {
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

using Row = std::vector<std::string>;

std::vector<Row> rows_of(const fs::path& file) {
  std::vector<Row> rows;
  const std::string text = read_file(file);
  visit_csv(text, file.string(), {.header = CsvHeader::absent}, [&](const CsvRow& row) {
    Row fields(row.fields.begin(), row.fields.end());
    if (fields.size() != 6 || fields[5].size() != 1 || fields[5][0] < 'A' || fields[5][0] > 'D') {
      throw InputError({.source = file.string(), .line = row.line},
                       "expected a question, four answers and the letter of the right one");
    }
    rows.push_back(std::move(fields));
  });
  return rows;
}

std::string without_spaces_around(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

std::string asked(const Row& row) {
  std::string text = without_spaces_around(row[0]);
  for (std::size_t answer = 0; answer < 4; ++answer) {
    text += fmt::format("\n{}. {}", "ABCD"[answer], row[answer + 1]);
  }
  return text + "\nAnswer:";
}

struct Count {
  double right = 0, total = 0;
  void add(bool is_right) {
    right += is_right;
    ++total;
  }
  double mean() const { return right / total; }
  // Of the mean of `total` numbers that are 0 or 1, from their sample variance.
  double error() const { return total < 2 ? 0 : std::sqrt(mean() * (1 - mean()) / (total - 1)); }
};
struct Counts {
  Count plain, normalised;
  ChoiceScore score() const {
    return {.questions = static_cast<std::int64_t>(plain.total),
            .accuracy = plain.mean(),
            .normalised_accuracy = normalised.mean(),
            .accuracy_error = plain.error(),
            .normalised_error = normalised.error()};
  }
};

// Characters, not bytes.
double length_of(const std::string& text) {
  return static_cast<double>(std::ranges::count_if(
      text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }));
}

std::size_t place_of_largest(const std::vector<double>& numbers) {
  return static_cast<std::size_t>(std::ranges::max_element(numbers) - numbers.begin());
}

std::int64_t first_of(const std::vector<std::int64_t>& ends) {
  if (ends.empty()) {
    throw InputError({},
                     "a question is empty, and the model has no token that begins or ends a text");
  }
  return ends.front();
}

// Tokens of "context answer", cut where the context's own tokens end; spaces at the context's end
// belong to the answer. Before an answer without context stands the token that divides texts.
Continuation continuation_of(const TextModel& opened, const std::string& context,
                             const std::string& answer) {
  const std::string all = context + " " + answer;
  Continuation one;
  if (context.empty()) {
    one.before = opened.prompt("");
    if (one.before.empty()) one.before.push_back(first_of(opened.end_tokens()));
    one.tokens = opened.tokenizer.encode(all, {.add_special_tokens = false});
  } else {
    one.before = opened.prompt(context.substr(0, context.find_last_not_of(" \t\r\n") + 1));
    const std::vector<std::int64_t> both = opened.prompt(all);
    const std::size_t cut = std::min(one.before.size(), both.size());
    one.tokens.assign(both.begin() + static_cast<std::ptrdiff_t>(cut), both.end());
  }
  if (one.tokens.empty()) {
    throw InputError(
        {}, fmt::format("the answer '{}' has no token of its own after '{}'", answer, context));
  }
  return one;
}

}  // namespace

std::vector<ChoiceQuestion> read_choice_lines(const fs::path& file) {
  std::vector<ChoiceQuestion> questions;
  visit_jsonl(read_file(file), file.string(), [&](const Json& json, std::size_t number) {
    const Line line(json, {.source = file.string(), .line = number});
    questions.push_back(line.has("endings") ? hellaswag(line) : plain(line));
  });
  if (questions.empty()) throw InputError({.source = file.string()}, "holds no questions");
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
      const std::vector<Row> rows = rows_of(solved);
      if (std::cmp_less(rows.size(), shots)) {
        throw InputError({.source = solved.string()},
                         fmt::format("holds {} solved questions, expected {}", rows.size(), shots));
      }
      for (std::int64_t shot = 0; shot < shots; ++shot) {
        const Row& row = rows[static_cast<std::size_t>(shot)];
        header += fmt::format("{} {}\n\n", asked(row), row[5]);
      }
    }
    for (const Row& row : rows_of(file)) {
      questions.push_back({.context = header + asked(row),
                           .answers = {"A", "B", "C", "D"},
                           .right = static_cast<std::size_t>(row[5][0] - 'A'),
                           .subject = subject});
    }
  }
  if (questions.empty()) {
    throw InputError({.source = (folder / "test").string()}, "holds no SUBJECT_test.csv");
  }
  return questions;
}

ChoiceResult choose(const TextModel& opened, std::span<const ChoiceQuestion> questions,
                    std::int64_t batch, Context& context) {
  std::vector<Continuation> continuations;
  for (const ChoiceQuestion& question : questions) {
    for (const std::string& answer : question.answers) {
      continuations.push_back(continuation_of(opened, question.context, answer));
    }
  }
  const auto scores = score_continuations(*opened.model, continuations, batch, context);
  Counts all;
  std::map<std::string, Counts> by_subject;
  std::size_t next = 0;
  ChoiceResult result;
  for (const ChoiceQuestion& question : questions) {
    Choice choice;
    std::vector<double> means;
    for (const std::string& answer : question.answers) {
      choice.log_probabilities.push_back(scores[next++].log_probability);
      means.push_back(choice.log_probabilities.back() / length_of(answer));
    }
    choice.is_right = place_of_largest(choice.log_probabilities) == question.right;
    choice.is_right_normalised = place_of_largest(means) == question.right;
    for (Counts* const counts : {&all, &by_subject[question.subject]}) {
      counts->plain.add(choice.is_right);
      counts->normalised.add(choice.is_right_normalised);
    }
    result.choices.push_back(std::move(choice));
  }
  result.all = all.score();
  for (const auto& [subject, counts] : by_subject) {
    result.mean_over_subjects += counts.plain.mean() / static_cast<double>(by_subject.size());
    if (!subject.empty()) result.subjects.emplace_back(subject, counts.score());
  }
  return result;
}

}  // namespace ordo::lm
