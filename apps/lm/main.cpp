// `ordo lm`: language models: write, answer, score, embed, evaluate, train, export.
#include <cstdlib>
#include <iostream>

#include <unistd.h>

#include "apps/data_folders.h"
#include "apps/leave.h"
#include "apps/rendezvous.h"
#include "apps/repl_terminal.h"
#include "ordo/base/error.h"
#include "ordo/cli/program.h"
#include "ordo/lm/run_chat.h"
#include "ordo/lm/run_eval.h"
#include "ordo/lm/run_export.h"
#include "ordo/lm/run_generate.h"
#include "ordo/lm/run_recipe.h"
#include "ordo/lm/run_score.h"
#include "ordo/lm/run_train.h"
#include "ordo/tensor/device.h"

namespace {

namespace lm = ordo::lm;

lm::TextReceiver to(ordo::cli::Output& output) {
  if (!output.is_text()) return {};
  return [&output](std::string_view piece) { output.write(piece); };
}

lm::GenerateTextResult generate(const lm::GenerateTextOptions& options, ordo::Context& context,
                                ordo::cli::Output& output) {
  return lm::generate_texts(options, context, to(output));
}

// A conversation at the terminal: it shows everything itself.
lm::ChatResult converse(const lm::ChatOptions& options, ordo::http::Secret key,
                        lm::Conversation conversation, const ordo::Context& context) {
  const auto speaker = lm::open_speaker(options.speaker, std::move(key), context);
  context.check_stop();
  const auto write = [](std::string_view text) { std::cout << text << std::flush; };
  ordo::apps::Interrupts interrupts;
  ordo::Repl session(lm::chat_language(conversation, *speaker, write, options.conversation));
  ordo::apps::run_session(session, *ordo::apps::open_lines(interrupts, session, "chat"), interrupts,
                          context);
  return {.messages = conversation.messages(), .first_new = conversation.messages().size()};
}

lm::ChatResult chat(const lm::ChatOptions& options, ordo::Context& context,
                    ordo::cli::Output& output) {
  const char* const found = std::getenv(options.speaker.endpoint.key_variable.c_str());
  const ordo::http::Secret key(found == nullptr ? "" : found);
  const bool is_at_terminal =
      output.is_text() && ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
  if (options.say.empty() && is_at_terminal) {
    lm::Conversation conversation = lm::begin_conversation(options);
    if (!conversation.waits_for_answer()) {
      return converse(options, key, std::move(conversation), context);
    }
  }
  return lm::chat(options, key, context, to(output));
}

}  // namespace

int main(int argc, char** argv) {
  ordo::cli::Program program(
      "lm", "Language models: write, answer, score, embed, evaluate, train, export.");
  program.command<lm::GenerateTextOptions>("generate", "Goes on from prompts.", generate)
      .example("ordo lm generate \"Call me\"", "by the built-in model")
      .example("ordo lm generate --file prompts.txt --model model --count 4 --temperature 0.8",
               "four for each line of a file")
      .command<lm::ChatOptions>("chat", "Answers what is said.", chat)
      .example("ordo lm chat --model smollm2.gguf", "a conversation at the terminal")
      .example("ordo lm chat \"Who wrote Moby Dick?\" --model smollm2.gguf", "one answer")
      .example("ordo lm chat \"Hello\" --endpoint http://127.0.0.1:8080/v1 --model llama",
               "a server's model; its key is taken from OPENAI_API_KEY")
      .command<lm::PplOptions>("ppl", "Perplexity of text files.", lm::ppl)
      .example("ordo lm ppl wiki.test.raw --model model --window 2048")
      .command<lm::ScoreOptions>("score", "Log probabilities of texts, and of their tokens.",
                                 lm::score)
      .example("ordo lm score \"The sky is blue.\" \"The sky is soup.\" --model model")
      .command<lm::EmbedOptions>("embed", "Texts as vectors.", lm::embed)
      .example("ordo lm embed --file sentences.txt --model minilm --out vectors.npy")
      .command<lm::EvalOptions>("eval", "Multiple-choice tasks, by the likelihood of answers.",
                                lm::eval)
      .example("ordo lm eval mmlu --model model --shots 5", "MMLU's folder")
      .example("ordo lm eval hellaswag_val.jsonl --model model", "HellaSwag's file")
      .command<lm::TrainOptions>("train", "Learns from text, anew or on from a model.",
                                 [](const lm::TrainOptions& options, ordo::Context& context) {
                                   ordo::tensor::keep_freed_memory();
                                   return lm::train_model(options, context,
                                                          ordo::apps::rendezvous());
                                 })
      .example("ordo lm train texts/*.txt --out model", "a small Llama with its own tokenizer")
      .example("ordo lm train new.jsonl --from model --adapters --out adapter", "LoRA")
      .command<lm::ExportOptions>("export", "Writes a model as a GGUF file, for llama.cpp.",
                                  lm::export_model)
      .example("ordo lm export --model model --out model.gguf --type q8_0")
      .command<lm::TinyEnglishOptions>(
          "recipe tiny-english", "A small model of English, beside an n-gram model.",
          [](const lm::TinyEnglishOptions& options, ordo::Context& context) {
            if (ordo::apps::rendezvous().world > 1) {
              throw ordo::UsageError("a recipe is followed by one process; leave out torchrun");
            }
            ordo::tensor::keep_freed_memory();
            return lm::follow(lm::tiny_english(options, ordo::apps::data_folders(), context),
                              context);
          })
      .example("ordo lm recipe tiny-english --out english", "twenty minutes on two cores");
  ordo::apps::leave(program.run(argc, argv));
}
