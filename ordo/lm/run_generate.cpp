#include "ordo/lm/run_generate.h"

#include <algorithm>
#include <chrono>
#include <sstream>
#include <utility>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/jsonl.h"

namespace ordo::lm {
namespace {

std::vector<std::string> prompts_in(const std::filesystem::path& file) {
  std::vector<std::string> prompts;
  if (file.extension() == ".jsonl") {
    visit_jsonl(read_file(file), file.string(), [&](const Json& one, std::size_t line) {
      const Json* const prompt = one.find("prompt");
      if (prompt == nullptr || !prompt->is_string()) {
        throw InputError({.source = file.string(), .line = line, .field = "/prompt"},
                         "expected a string");
      }
      prompts.push_back(prompt->as_string());
    });
    return prompts;
  }
  std::istringstream lines(read_file(file));
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) prompts.push_back(line);
  }
  return prompts;
}

}  // namespace

void GenerateTextOptions::describe(OptionSet& set) {
  set.positional("prompt", prompts, "What the texts go on from.");
  model.describe(set);
  set.add("file", file, "File of prompts: one a line, or JSONL with \"prompt\".")
      .placeholder("FILE");
  set.add("count", count, "Texts for each prompt.").range(1, 1 << 20).short_name('c');
  set.add("batch", batch, "Texts that grow at once.").range(1, 1 << 16);
  writing.describe(set);
}

GenerateTextResult generate_texts(const GenerateTextOptions& options, Context& context,
                                  const TextReceiver& receive) {
  options.writing.check();
  std::vector<std::string> prompts = options.prompts;
  if (!options.file.empty()) {
    const std::vector<std::string> more = prompts_in(options.file);
    prompts.insert(prompts.end(), more.begin(), more.end());
  }
  if (prompts.empty()) throw UsageError("expected a prompt, or --file with some");
  const TextModel opened = open_text_model(options.model, context);

  GenerateTextResult result;
  std::vector<Request> requests;
  std::vector<std::string> of;
  // Texts differ by a seed of their own, drawn from the run's.
  for (const std::string& prompt : prompts) {
    const std::vector<std::int64_t> tokens = opened.prompt(prompt);
    for (std::int64_t copy = 0; copy < options.count; ++copy) {
      requests.push_back({tokens, context.random.split(static_cast<std::uint64_t>(copy)).next64()});
      of.push_back(prompt);
    }
  }
  // Shown with the first piece, so that a prompt which cannot be gone on from shows nothing.
  bool has_begun = false;
  std::function<void(std::size_t, std::string_view)> show;
  if (receive && requests.size() == 1) {
    show = [&](std::size_t, std::string_view piece) {
      receive(std::exchange(has_begun, true) ? std::string(piece)
                                             : of.front() + std::string(piece));
    };
  }
  const auto begin = std::chrono::steady_clock::now();
  const auto step = static_cast<std::size_t>(options.batch);
  for (std::size_t first = 0; first < requests.size(); first += step) {
    const std::size_t last = std::min(first + step, requests.size());
    std::vector<Written> written =
        write_texts(opened, options.writing,
                    {requests.begin() + static_cast<std::ptrdiff_t>(first),
                     requests.begin() + static_cast<std::ptrdiff_t>(last)},
                    context, show);
    for (std::size_t one = first; one < last; ++one) {
      Written& text = written[one - first];
      result.tokens += text.tokens;
      result.texts.push_back(
          {of[one], std::move(text.text), text.tokens, text.end, text.log_probability});
    }
    context.progress("writing", static_cast<double>(last), static_cast<double>(requests.size()),
                     "texts");
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

Json to_json(const GenerateTextResult& result) {
  Json::Array texts;
  for (const WrittenText& one : result.texts) {
    texts.push_back(Json::object({{"prompt", one.prompt},
                                  {"text", one.text},
                                  {"tokens", one.tokens},
                                  {"end", one.end},
                                  {"log-probability", one.log_probability}}));
  }
  return Json::object(
      {{"texts", Json(std::move(texts))}, {"tokens", result.tokens}, {"seconds", result.seconds}});
}

std::string to_text(const GenerateTextResult& result) {
  std::string out;
  for (const WrittenText& one : result.texts) {
    if (!out.empty()) out += "---\n";
    out += one.prompt + one.text + "\n";
  }
  return out;
}

}  // namespace ordo::lm
