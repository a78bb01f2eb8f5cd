// The folder of a training is a model's, with what goes on from it beside: optimizer.safetensors
// and state.json. It is replaced as a whole, so that there is always one that is complete.
#include "ordo/lm/run_train.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <torch/torch.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/hash.h"
#include "ordo/base/jsonl.h"
#include "ordo/tensor/arrays.h"
#include "ordo/tensor/device.h"
#include "ordo/text/bpe_training.h"
#include "ordo/train/named_spec.h"

namespace ordo::lm {
namespace {

namespace fs = std::filesystem;
using Tokens = std::vector<std::int64_t>;

constexpr int kStateVersion = 1;
constexpr const char* kState = "state.json";
constexpr const char* kOptimizer = "optimizer.safetensors";

std::vector<std::string> documents_in(const fs::path& file) {
  if (file.extension() != ".jsonl") return {read_file(file)};
  std::vector<std::string> documents;
  visit_jsonl(read_file(file), file.string(), [&](const Json& one, std::size_t line) {
    const Json* const text = one.find("text");
    if (text == nullptr || !text->is_string()) {
      throw InputError({.source = file.string(), .line = line, .field = "/text"},
                       "expected a string");
    }
    documents.push_back(text->as_string());
  });
  return documents;
}

text::Tokenizer make_tokenizer(const TrainOptions& options, Context& context) {
  if (!options.fresh.tokenizer.empty()) return text::Tokenizer::load(options.fresh.tokenizer);
  const text::TextSource source = [&](const auto& receiver) {
    for (const fs::path& file : options.texts) {
      for (const std::string& document : documents_in(file)) receiver(document);
    }
  };
  return text::train_byte_level_bpe(
      source, {.vocab_size = static_cast<std::size_t>(options.fresh.vocabulary)}, context);
}

std::int64_t end_of(const text::Tokenizer& tokenizer) {
  if (const auto eos = tokenizer.roles().eos) return *eos;
  if (const auto end = tokenizer.id_of("<|endoftext|>")) return *end;
  throw UsageError("the tokenizer has no token that ends a text, so documents cannot be joined");
}

struct TrainingTokens {
  Tokens train, validation;
};

TrainingTokens tokens_of(const TrainOptions& options, const text::Tokenizer& tokenizer,
                         const Context& context) {
  TrainingTokens result;
  for (const fs::path& file : options.texts) {
    const Tokens all = tokens_in(file, tokenizer, context);
    const auto kept =
        static_cast<std::ptrdiff_t>(static_cast<double>(all.size()) * (1 - options.validation));
    result.train.insert(result.train.end(), all.begin(), all.begin() + kept);
    result.validation.insert(result.validation.end(), all.begin() + kept, all.end());
  }
  return result;
}

// What must be the same for a training to go on.
Json recipe_of(const TrainOptions& options, const Context& context) {
  TrainOptions copy = options;
  JsonObject object = describe(copy).to_json().as_object();
  for (const char* free : {"resume", "out", "save-every", "evaluate-every", "recompute"}) {
    object.erase(free);
  }
  object["seed-stream"] = Json::array_of(context.random.key());
  return Json(std::move(object));
}

// A training while it goes on.
struct Running {
  TextModel opened;
  std::unique_ptr<Lora> lora;
  std::unique_ptr<nets::FlatParameters> parameters;
  std::unique_ptr<optimize::Optimizer> optimizer;
};

void save_training(const TrainOptions& options, const Running& running, const Json& recipe,
                   const Json& fit, bool is_finished) {
  write_folder_atomic(options.out, [&](const fs::path& fresh) {
    if (running.lora) {
      running.lora->write(fresh, options.from.string());
    } else {
      save_model(fresh, *running.opened.model);
    }
    running.opened.tokenizer.save(fresh);
    tensor::write_tensors(fresh / kOptimizer, running.optimizer->state());
    write_file_atomic(fresh / kState, Json::object({{"version", kStateVersion},
                                                    {"finished", is_finished},
                                                    {"recipe", recipe},
                                                    {"fit", fit}})
                                              .dump(2) +
                                          "\n");
  });
}

// Where a training that goes on stands.
struct Interruption {
  Json fit;
  bool is_finished = false;
};

Interruption load_training(const TrainOptions& options, const Json& recipe) {
  const std::string file = (options.out / kState).string();
  const Json state = read_json(file);
  const std::int64_t version = state.at("version", file).as_int(file + ": /version");
  if (version > kStateVersion) {
    throw InputError({.source = file, .field = "/version"},
                     fmt::format("written by a newer Ordo (format {}, known up to {}); update Ordo",
                                 version, kStateVersion));
  }
  const bool is_finished = state.at("finished", file).as_bool(file + ": /finished");
  if (is_finished && options.finished == TrainOptions::Finished::refused) {
    throw UsageError(fmt::format("the training in '{}' is finished", options.out.string()));
  }
  if (!(state.at("recipe", file) == recipe)) {
    throw UsageError(fmt::format(
        "the training in '{}' was asked for otherwise; repeat its options (they are in {}), or "
        "leave out --resume",
        options.out.string(), file));
  }
  return {.fit = state.at("fit", file), .is_finished = is_finished};
}

// The model that learns: where it was interrupted, as it is in `from`, or fresh.
TextModel model_for(const TrainOptions& options, bool resumes, Context& context) {
  const LoadOptions loading{.dtype = torch::kFloat32,
                            .device = tensor::parse_device(context.device),
                            .memory = LoadOptions::Memory::owned};
  const bool is_whole = resumes && !options.adapters;
  const fs::path folder = is_whole ? options.out : options.from;
  if (!folder.empty()) return {load_model(folder, loading), text::Tokenizer::load(folder)};
  text::Tokenizer tokenizer = make_tokenizer(options, context);
  const models::Config config =
      config_of(options.fresh, static_cast<std::int64_t>(tokenizer.vocab_size()), options.window,
                end_of(tokenizer));
  auto model = make_model(config, context.random.split("init"));
  model->to(loading.device);
  return {std::move(model), std::move(tokenizer)};
}

Running begin(const TrainOptions& options, bool resumes, Context& context) {
  Running running{.opened = model_for(options, resumes, context)};
  Model& model = *running.opened.model;
  if (options.adapters) {
    running.lora =
        resumes ? std::make_unique<Lora>(model, options.out)
                : std::make_unique<Lora>(model, options.lora, context.random.split("adapters"));
    running.parameters = std::make_unique<nets::FlatParameters>(*running.lora);
  } else {
    running.parameters = std::make_unique<nets::FlatParameters>(model);
  }
  const train::NamedSpec spec = train::parse_named_spec(options.optimizer);
  running.optimizer = optimize::make_optimizer(spec.name, spec.options);
  return running;
}

// What would make processes learn different things without anybody noticing.
void require_same(tensor::ProcessGroup& group, const Json& recipe, const Json& fit,
                  const TrainingTokens& tokens) {
  Sha256 hash;
  hash.update(recipe.dump()).update(fit.dump());
  for (const Tokens* all : {&tokens.train, &tokens.validation}) {
    hash.update(
        {reinterpret_cast<const char*>(all->data()), all->size() * sizeof(Tokens::value_type)});
  }
  const Digest digest = hash.finish();
  const torch::Tensor own =
      torch::tensor(std::vector<std::int64_t>(digest.begin(), digest.end()), torch::kInt64);
  torch::Tensor first = own.clone();
  group.broadcast(first);
  torch::Tensor others = torch::tensor(torch::equal(own, first) ? 0 : 1, torch::kInt64);
  group.all_reduce_sum(others);
  if (const auto count = others.item<std::int64_t>(); count > 0) {
    throw UsageError(fmt::format(
        "{} of the {} processes were given other options or texts than the first, or find another "
        "checkpoint in --out; all need the same command and the same files",
        count, group.world()));
  }
}

void require_sense(const TrainOptions& options) {
  if (options.adapters && options.from.empty()) {
    throw UsageError("adapters need a model to adapt; name it with --from");
  }
  if (options.resume && options.out.empty()) throw UsageError("--resume needs --out");
}

}  // namespace

void FreshModel::describe(OptionSet& set) {
  set.add("hidden", hidden, "Width of a fresh model.").range(2, 1 << 20);
  set.add("layers", layers, "Its blocks.").range(1, 1000);
  set.add("heads", heads, "Its attention heads.").range(1, 1 << 16);
  set.add("key-heads", key_heads, "Its heads of keys and values; 0: as many.").range(0, 1 << 16);
  set.add("inner", inner, "Width of its gated layers; 0: 8/3 of --hidden.").range(0, 1 << 22);
  set.add("vocabulary", vocabulary, "Tokens that its tokenizer learns.").range(257, 1 << 24);
  set.add("tokenizer", tokenizer, "A tokenizer that is there, instead of learning one.")
      .placeholder("PATH");
}

models::Config config_of(const FreshModel& fresh, std::int64_t vocabulary, std::int64_t window,
                         std::optional<std::int64_t> end) {
  const std::int64_t inner = fresh.inner > 0 ? fresh.inner : (fresh.hidden * 8 / 3 + 15) / 16 * 16;
  JsonObject object = {{"model_type", "llama"},
                       {"vocab_size", vocabulary},
                       {"hidden_size", fresh.hidden},
                       {"intermediate_size", inner},
                       {"num_hidden_layers", fresh.layers},
                       {"num_attention_heads", fresh.heads},
                       {"num_key_value_heads", fresh.key_heads > 0 ? fresh.key_heads : fresh.heads},
                       {"max_position_embeddings", window},
                       {"rms_norm_eps", 1e-5},
                       {"rope_theta", 10000.0},
                       {"tie_word_embeddings", true},
                       {"bos_token_id", nullptr},
                       {"eos_token_id", end ? Json(*end) : Json()}};
  try {
    return models::parse_config(Json(std::move(object)), "the fresh model");
  } catch (const InputError& error) {
    throw UsageError(error.what());
  }
}

void TrainOptions::describe(OptionSet& set) {
  set.positional("text", texts, "Files to learn from: JSONL with \"text\", or text.").required();
  set.add("from", from, "A model that learns on, instead of a fresh one.").placeholder("PATH");
  fresh.describe(set);
  set.add("adapters", adapters, "Of --from, let only small adapters learn (LoRA).");
  lora.describe(set);
  set.add("window", window, "Tokens that are read at once.").range(1, 1 << 24);
  set.add("validation", validation, "Part of each file, at its end, to validate with.")
      .range(0, 0.9);
  set.add("steps", fit.steps, "Steps of the optimizer.").range(1);
  set.add("batch", fit.batch, "Windows that are read at once.").range(1, 1 << 20).short_name('b');
  set.add("accumulate", fit.accumulate, "Batches whose gradients make a step together.")
      .range(1, 1 << 20);
  set.add("optimizer", optimizer, "Optimizer, NAME or NAME:key=value,... .");
  set.add("rate", fit.rate, "Base learning rate.").range(0);
  fit.schedule.describe(set);
  set.add("clip", fit.clip, "Largest norm of the gradient; 0: any.").range(0);
  set.add("recompute", fit.recompute, "Keep less in memory and compute blocks twice.");
  set.add("evaluate-every", fit.evaluate_every, "Steps between validations; 0: only at the end.")
      .range(0);
  set.add("out", out, "Folder for the model.").placeholder("DIR").short_name('o');
  set.add("resume", resume, "Go on where --out was interrupted.");
  set.add("save-every", save_every, "Seconds between checkpoints.").range(0);
}

Tokens tokens_in(const fs::path& file, const text::Tokenizer& tokenizer, const Context& context) {
  std::vector<Tokens> documents;
  for (const std::string& document : documents_in(file)) {
    context.check_stop();
    documents.push_back(tokenizer.encode(document, {.add_special_tokens = false}));
  }
  return join_documents(documents, end_of(tokenizer));
}

TrainResult train_model(const TrainOptions& options, Context& all_context,
                        const tensor::Rendezvous& rendezvous) {
  require_sense(options);
  Context context = all_context;
  tensor::set_threads(context.threads);
  std::shared_ptr<tensor::ProcessGroup> group;
  if (rendezvous.world > 1) {
    group = tensor::ProcessGroup::join(rendezvous, tensor::parse_device(context.device));
  }
  const bool is_first = !group || group->rank() == 0;
  if (!is_first) context.events = &null_sink();
  const bool resumes = options.resume && fs::exists(options.out / kState);
  const Json recipe = recipe_of(options, context);
  const Interruption before = resumes ? load_training(options, recipe) : Interruption();
  Running running = begin(options, resumes, context);
  const TrainingTokens tokens = tokens_of(options, running.opened.tokenizer, context);
  const TokenWindows train(tokens.train, options.window);
  std::optional<TokenWindows> validation;
  if (std::cmp_greater(tokens.validation.size(), options.window)) {
    validation.emplace(tokens.validation, options.window);
  }
  FitOptions settings = options.fit;
  if (settings.schedule.total == 0) settings.schedule.total = settings.steps;
  Fit fit(*running.opened.model, *running.parameters, *running.optimizer, settings,
          context.random.split("fit"));
  if (resumes) {
    running.optimizer->load_state(tensor::read_tensors(options.out / kOptimizer));
    fit.load_state(before.fit);
  }
  if (group) {
    require_same(*group, recipe, before.fit, tokens);
    group->broadcast(running.parameters->values());
    fit.group = group;
  }
  const bool writes = is_first && !options.out.empty();
  if (writes) {
    fit.save_every = options.save_every;
    fit.save = [&] { save_training(options, running, recipe, fit.state(), false); };
  }
  TrainResult result{
      .fit = fit.run(train, validation ? &*validation : nullptr, context),
      .parameters = running.parameters->values().numel(),
      .train_tokens = train.count() * train.length(),
      .validation_tokens = validation ? validation->count() * validation->length() : 0,
      .out = options.out};
  if (writes) {
    if (!before.is_finished) save_training(options, running, recipe, fit.state(), true);
    context.artifact(options.out.string());
  }
  return result;
}

Json to_json(const TrainResult& result) {
  JsonObject object = {{"steps", result.fit.steps},
                       {"tokens", result.fit.tokens},
                       {"seconds", result.fit.seconds},
                       {"loss", result.fit.loss},
                       {"parameters", result.parameters},
                       {"train-tokens", result.train_tokens},
                       {"validation-tokens", result.validation_tokens}};
  if (result.fit.validation_loss) {
    object["validation-loss"] = *result.fit.validation_loss;
    object["validation-perplexity"] = std::exp(*result.fit.validation_loss);
  }
  if (!result.out.empty()) object["out"] = result.out.string();
  return Json(std::move(object));
}

std::string to_text(const TrainResult& result) {
  std::string out = fmt::format(
      "{} parameters, {} steps over {} tokens in {:.1f} s ({:.0f} tokens/s), loss {:.4f}\n",
      result.parameters, result.fit.steps, result.fit.tokens, result.fit.seconds,
      static_cast<double>(result.fit.tokens) / result.fit.seconds, result.fit.loss);
  if (result.fit.validation_loss) {
    out += fmt::format("validation loss {:.4f}, perplexity {:.3f}\n", *result.fit.validation_loss,
                       std::exp(*result.fit.validation_loss));
  }
  if (!result.out.empty()) out += fmt::format("saved in {}\n", result.out.string());
  return out;
}

}  // namespace ordo::lm
