#include "ordo/lm/run_recipe.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>

#include <fmt/format.h>

#include "ordo/lm/kneser_ney.h"

namespace ordo::lm {
namespace {

namespace fs = std::filesystem;
using Tokens = std::vector<std::int64_t>;

constexpr std::size_t kHeldOutShare = 20;  // one document of so many
constexpr int kOrder = 5;
// What two slow cores manage, so that the same minutes are the same steps on every machine.
constexpr double kStepsPerMinute = 220;

struct Parts {
  std::vector<fs::path> learned, held_out;
};

// Both in the order of `documents`.
Parts split(const std::vector<fs::path>& documents, const Context& context) {
  if (documents.size() < 2) {
    throw UsageError("a recipe needs 2 documents at least: one to learn from, one to hold out");
  }
  const auto order = context.random.split("held-out").permutation(documents.size());
  const std::size_t held_out = std::max<std::size_t>(documents.size() / kHeldOutShare, 1);
  Parts parts;
  for (std::size_t place = 0; place < documents.size(); ++place) {
    (order[place] < held_out ? parts.held_out : parts.learned).push_back(documents[place]);
  }
  return parts;
}

Tokens tokens_of(const std::vector<fs::path>& documents, const text::Tokenizer& tokenizer,
                 const Context& context) {
  Tokens all;
  for (const fs::path& document : documents) {
    const Tokens one = tokens_in(document, tokenizer, context);
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}

// The texts of a data set, in the order of their names.
std::vector<fs::path> texts_in(const fs::path& folder) {
  std::vector<fs::path> texts;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".txt") texts.push_back(entry.path());
  }
  std::ranges::sort(texts);
  return texts;
}

void judge(const Recipe& recipe, const Parts& parts, RecipeResult& result, Context& context) {
  const TextModel opened = open_text_model({.path = recipe.training.out}, context);
  const text::Tokenizer& tokenizer = opened.tokenizer;
  const Tokens held_out = tokens_of(parts.held_out, tokenizer, context);
  const TokenWindows windows(held_out, recipe.training.window);
  // The first token is not scored, and neither is what fills no window.
  const auto scored =
      std::span(held_out).first(static_cast<std::size_t>(windows.count() * windows.length() + 1));
  result.held_out_tokens = windows.count() * windows.length();
  result.held_out_bytes = static_cast<std::int64_t>(tokenizer.decode(scored.subspan(1)).size());
  const auto of_loss = [&](double loss) {
    const double bits = loss * static_cast<double>(result.held_out_tokens) / std::numbers::ln2;
    return HeldOut{.loss = loss,
                   .perplexity = std::exp(loss),
                   .bits_per_byte = bits / static_cast<double>(result.held_out_bytes)};
  };
  context.info("scoring held-out documents");
  result.model = of_loss(mean_loss(*opened.model, windows, recipe.training.fit.batch, context));
  const TextModel int8 = open_text_model({.path = result.file.out}, context);
  result.int8 = of_loss(mean_loss(*int8.model, windows, recipe.training.fit.batch, context));
  const KneserNey ngram(tokens_of(parts.learned, tokenizer, context),
                        static_cast<std::int64_t>(tokenizer.vocab_size()), kOrder);
  context.check_stop();
  result.ngram = of_loss(ngram.mean_loss(scored));
}

// "english.gguf" beside "english" and "english/".
fs::path file_beside(const fs::path& folder) {
  const fs::path name = folder.has_filename() ? folder : folder.parent_path();
  return name.string() + ".gguf";
}

Json to_json(const HeldOut& one) {
  return Json::object(
      {{"loss", one.loss}, {"perplexity", one.perplexity}, {"bits-per-byte", one.bits_per_byte}});
}

bool is_better(const RecipeResult& result) { return result.model.loss < result.ngram.loss; }

}  // namespace

RecipeResult follow(const Recipe& recipe, Context& context) {
  const Parts parts = split(recipe.documents, context);
  TrainOptions training = recipe.training;
  training.texts = parts.learned;
  training.validation = 0;  // whole documents are held out instead
  // What was interrupted may have been the judging.
  training.finished = TrainOptions::Finished::done;
  RecipeResult result{.training = train_model(training, context),
                      .documents = static_cast<std::int64_t>(recipe.documents.size()),
                      .held_out_documents = static_cast<std::int64_t>(parts.held_out.size())};
  result.file = export_gguf(open_text_model({.path = training.out}, context), "q8_0",
                            file_beside(training.out));
  context.artifact(result.file.out.string());
  judge(recipe, parts, result, context);
  result.samples = generate_texts({.model = {.path = training.out},
                                   .writing = {.max_tokens = 60,
                                               .sampling = {.temperature = 0.8, .top_p = 0.95},
                                               .overflow = "slide"},
                                   .prompts = recipe.prompts},
                                  context)
                       .texts;
  return result;
}

Json to_json(const RecipeResult& result) {
  Json::Array samples;
  for (const WrittenText& one : result.samples) {
    samples.push_back(Json::object({{"prompt", one.prompt}, {"text", one.text}}));
  }
  return Json::object({{"training", to_json(result.training)},
                       {"documents", result.documents},
                       {"held-out", Json::object({{"documents", result.held_out_documents},
                                                  {"tokens", result.held_out_tokens},
                                                  {"bytes", result.held_out_bytes}})},
                       {"file", to_json(result.file)},
                       {"model", to_json(result.model)},
                       {"int8", to_json(result.int8)},
                       {"ngram", to_json(result.ngram)},
                       {"better", is_better(result)},
                       {"samples", Json(std::move(samples))}});
}

std::string to_text(const RecipeResult& result) {
  const auto row = [](const std::string& name, const HeldOut& one) {
    return fmt::format("{:<20}{:>12.2f}{:>16.3f}\n", name, one.perplexity, one.bits_per_byte);
  };
  std::string out = to_text(result.training);
  out += fmt::format("\non {} of {} documents, held out: {} tokens, {} bytes\n",
                     result.held_out_documents, result.documents, result.held_out_tokens,
                     result.held_out_bytes);
  out += fmt::format("{:<20}{:>12}{:>16}\n", "", "perplexity", "bits per byte");
  out += row("this model", result.model);
  out += row("  as int8", result.int8);
  out += row(fmt::format("Kneser-Ney {}-gram", kOrder), result.ngram);
  out += to_text(result.file);
  if (!is_better(result)) {
    out += "The model does not beat the n-gram model: it needs more steps.\n";
  }
  for (const WrittenText& one : result.samples) {
    out += fmt::format("---\n{}{}\n", one.prompt, one.text);
  }
  return out;
}

ExitCode exit_code(const RecipeResult& result) {
  return is_better(result) ? ExitCode::done : ExitCode::no;
}

void TinyEnglishOptions::describe(OptionSet& set) {
  set.add("out", out, "Folder for the model.").required().placeholder("DIR").short_name('o');
  set.add("minutes", minutes,
          fmt::format("How long two cores may train, at {:.0f} steps a minute.", kStepsPerMinute))
      .range(0.01, 1e6);
  set.add("steps", steps, "Steps of the optimizer; 0: by --minutes.").range(0);
  set.add("resume", resume, "Go on where --out was interrupted, also while it was judged.");
}

Recipe tiny_english(const TinyEnglishOptions& options, const data::Folders& folders,
                    Context& context) {
  Recipe recipe{.prompts = {"Call me", "The whale", "Fellow citizens", "We must"}};
  for (const char* name : {"moby-dick", "state-of-the-union"}) {
    for (fs::path& text : texts_in(data::get(data::find_data_set(name), folders, context))) {
      if (text.filename() == "data.txt") continue;  // the whole novel, once more
      recipe.documents.push_back(std::move(text));
    }
  }
  const std::int64_t steps =
      options.steps > 0
          ? options.steps
          : std::max<std::int64_t>(std::llround(options.minutes * kStepsPerMinute), 1);
  TrainOptions& training = recipe.training;
  training.fit = {.steps = steps,
                  .batch = 8,
                  .rate = 0.005,
                  .schedule = {.shape = "cosine", .warmup = std::max<std::int64_t>(steps / 20, 1)}};
  training.out = options.out;
  training.resume = options.resume;
  return recipe;
}

}  // namespace ordo::lm
