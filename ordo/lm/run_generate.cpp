#include "ordo/lm/run_generate.h"

#include <algorithm>
#include <chrono>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/jsonl.h"
#include "ordo/lm/beam_search.h"
#include "ordo/text/chat_template.h"

namespace ordo::lm {
namespace {

using Tokens = std::vector<std::int64_t>;

// The text of one request as it grows, up to the first stop string.
class Watched {
 public:
  Watched(const text::Tokenizer& tokenizer, const std::vector<std::string>& stops)
      : decoder_(tokenizer), stops_(stops) {}

  /// Whether the text goes on.
  bool push(std::int64_t token) {
    text_ += decoder_.push(token);
    return !find_stop();
  }
  std::string finish() {
    if (!stopped_) text_ += decoder_.finish();
    if (!stopped_) find_stop();
    return text_;
  }
  bool stopped() const { return stopped_; }

 private:
  bool find_stop() {
    std::size_t first = std::string::npos;
    for (const std::string& stop : stops_) first = std::min(first, text_.find(stop));
    if (first == std::string::npos) return false;
    text_.erase(first);
    return stopped_ = true;
  }

  text::StreamDecoder decoder_;
  const std::vector<std::string>& stops_;
  std::string text_;
  bool stopped_ = false;
};

struct Written {
  std::string text, end;
  std::int64_t tokens = 0;
  double log_probability = 0;
};

std::vector<Written> write_by_sampling(const TextModel& opened, const WritingOptions& options,
                                       const std::vector<Request>& requests, Context& context) {
  std::vector<Watched> watched(requests.size(), Watched(opened.tokenizer, options.stop));
  const GenerateOptions settings{
      .max_tokens = options.max_tokens,
      .sampling = options.sampling,
      .end_tokens = opened.end_tokens(),
      .overflow = options.overflow == "slide" ? Overflow::slide : Overflow::refuse};
  const auto texts = generate(
      *opened.model, requests, settings, context,
      [&](std::size_t request, std::int64_t token) { return watched[request].push(token); });
  std::vector<Written> written;
  for (std::size_t request = 0; request < requests.size(); ++request) {
    Written one{.text = watched[request].finish(),
                .end = to_string(texts[request].end),
                .tokens = static_cast<std::int64_t>(texts[request].tokens.size()),
                .log_probability = texts[request].log_probability};
    if (watched[request].stopped()) one.end = "stop";
    written.push_back(std::move(one));
  }
  return written;
}

Written write_by_beams(const TextModel& opened, const WritingOptions& options, const Tokens& prompt,
                       Context& context) {
  const auto best = beam_search(*opened.model, prompt,
                                {.beams = options.beams,
                                 .max_tokens = options.max_tokens,
                                 .length_penalty = options.length_penalty,
                                 .end_tokens = opened.end_tokens()},
                                context);
  const Generated& text = best.front();
  Watched watched(opened.tokenizer, options.stop);
  for (const std::int64_t token : text.tokens) {
    if (!watched.push(token)) break;
  }
  Written written{.text = watched.finish(),
                  .end = to_string(text.end),
                  .tokens = static_cast<std::int64_t>(text.tokens.size()),
                  .log_probability = text.log_probability};
  if (watched.stopped()) written.end = "stop";
  return written;
}

void require_one_way(const WritingOptions& options) {
  if (options.beams > 1 && options.overflow == "slide") {
    throw UsageError("a beam search cannot slide; shorten the prompt, or leave out --beams");
  }
  for (const std::string& stop : options.stop) {
    if (stop.empty()) throw UsageError("--stop needs a text that is not empty");
  }
}

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

void WritingOptions::describe(OptionSet& set) {
  set.add("max-tokens", max_tokens, "The longest text, in tokens.")
      .range(1, 1 << 24)
      .short_name('n');
  sampling.describe(set);
  set.add("beams", beams, "Candidates of a beam search, instead of drawing; 1: draw.")
      .range(1, 1024);
  set.add("length-penalty", length_penalty, "Beam search compares log probability / tokens ^ this.")
      .range(-10, 10);
  set.add("stop", stop, "End a text before this string; may be given several times.");
  set.add("overflow", overflow,
          "When prompt and text outgrow the model's context: refuse, or slide on from its last "
          "half.")
      .choices({"refuse", "slide"});
}

void GenerateTextOptions::describe(OptionSet& set) {
  set.positional("prompt", prompts, "What the texts go on from.");
  model.describe(set);
  set.add("file", file, "File of prompts: one a line, or JSONL with \"prompt\".")
      .placeholder("FILE");
  set.add("count", count, "Texts for each prompt.").range(1, 1 << 20).short_name('c');
  set.add("batch", batch, "Texts that grow at once.").range(1, 1 << 16);
  writing.describe(set);
}

GenerateTextResult generate_texts(const GenerateTextOptions& options, Context& context) {
  require_one_way(options.writing);
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
  const auto begin = std::chrono::steady_clock::now();
  const auto step = static_cast<std::size_t>(options.batch);
  for (std::size_t first = 0; first < requests.size(); first += step) {
    const std::size_t last = std::min(first + step, requests.size());
    std::vector<Written> written;
    if (options.writing.beams > 1) {
      for (std::size_t one = first; one < last; ++one) {
        written.push_back(write_by_beams(opened, options.writing, requests[one].prompt, context));
      }
    } else {
      written = write_by_sampling(opened, options.writing,
                                  {requests.begin() + static_cast<std::ptrdiff_t>(first),
                                   requests.begin() + static_cast<std::ptrdiff_t>(last)},
                                  context);
    }
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

void ChatOptions::describe(OptionSet& set) {
  set.positional("say", say, "What you say; several are answered in turn.");
  model.describe(set);
  set.add("system", system, "Instructions before all else.");
  set.add("conversation", conversation,
          "JSON array of messages ({\"role\": ..., \"content\": ...}) to go on from.")
      .placeholder("FILE");
  set.add("template", family, "How messages become a prompt; auto: as the model's folder says.")
      .choices({"auto", "chatml", "llama2", "llama3", "mistral", "zephyr"});
  writing.describe(set);
}

namespace {

Json message(const std::string& role, const std::string& content) {
  return Json::object({{"role", role}, {"content", content}});
}

Json::Array read_conversation(const std::filesystem::path& file) {
  const std::string source = file.string();
  const Json json = read_json(source);
  if (!json.is_array()) {
    throw InputError({.source = source},
                     fmt::format("expected an array of messages, found {}", json.type_name()));
  }
  for (std::size_t place = 0; place < json.as_array().size(); ++place) {
    for (const char* key : {"role", "content"}) {
      const Json* const member = json.as_array()[place].find(key);
      if (member == nullptr || !member->is_string()) {
        throw InputError({.source = source, .field = fmt::format("/{}/{}", place, key)},
                         fmt::format("expected a string, found {}",
                                     member == nullptr ? "nothing" : member->type_name()));
      }
    }
  }
  return json.as_array();
}

text::ChatTemplate template_of(const TextModel& opened, const ChatOptions& options) {
  if (options.family != "auto") {
    return text::ChatTemplate(text::known_chat_template(options.family), options.family);
  }
  const auto& own = opened.tokenizer.roles().chat_template;
  if (!own) {
    const auto& path = options.model.path;
    throw UsageError(fmt::format("{} has no chat template; name one with --template",
                                 path.empty() ? "the built-in model" : "'" + path.string() + "'"));
  }
  return text::ChatTemplate(*own, "the model's chat template");
}

}  // namespace

ChatResult chat(const ChatOptions& options, Context& context) {
  require_one_way(options.writing);
  ChatResult result;
  if (!options.conversation.empty()) result.messages = read_conversation(options.conversation);
  if (!options.system.empty()) {
    result.messages.insert(result.messages.begin(), message("system", options.system));
  }
  const bool waits_for_answer =
      !result.messages.empty() && *result.messages.back().find("role") == Json("user");
  if (options.say.empty() && !waits_for_answer) {
    throw UsageError("expected something to say, or a --conversation that ends with the user");
  }
  const TextModel opened = open_text_model(options.model, context);
  const text::ChatTemplate shape = template_of(opened, options);
  const text::TokenRoles& roles = opened.tokenizer.roles();
  const auto name_of = [&](const std::optional<text::TokenId>& token) {
    return token ? opened.tokenizer.token_of(*token) : std::string();
  };
  const text::ChatOptions settings{.bos_token = name_of(roles.bos),
                                   .eos_token = name_of(roles.eos)};
  result.first_new = static_cast<std::int64_t>(result.messages.size());
  const auto answer = [&] {
    // The template spells special tokens out, so the tokenizer must not add more.
    const std::string prompt = shape.render(Json(result.messages), settings);
    const Tokens tokens = opened.tokenizer.encode(prompt, {.add_special_tokens = false});
    const std::uint64_t seed = context.random.split(result.messages.size()).next64();
    const Written written =
        options.writing.beams > 1
            ? write_by_beams(opened, options.writing, tokens, context)
            : write_by_sampling(opened, options.writing, {{tokens, seed}}, context).front();
    result.messages.push_back(message("assistant", written.text));
  };
  if (options.say.empty()) answer();
  for (const std::string& words : options.say) {
    result.messages.push_back(message("user", words));
    answer();
  }
  return result;
}

Json to_json(const ChatResult& result) {
  return Json::object({{"messages", Json(result.messages)}});
}

std::string to_text(const ChatResult& result) {
  std::string out;
  for (std::size_t place = static_cast<std::size_t>(result.first_new);
       place < result.messages.size(); ++place) {
    const Json& one = result.messages[place];
    if (*one.find("role") == Json("assistant")) out += one.find("content")->as_string() + "\n";
  }
  return out;
}

}  // namespace ordo::lm
