// `ordo lm`: language models: write, answer, score, embed, evaluate, train, export.
#include "apps/data_folders.h"
#include "apps/rendezvous.h"
#include "ordo/cli/program.h"
#include "ordo/lm/run_eval.h"
#include "ordo/lm/run_export.h"
#include "ordo/lm/run_generate.h"
#include "ordo/lm/run_recipe.h"
#include "ordo/lm/run_score.h"
#include "ordo/lm/run_train.h"

int main(int argc, char** argv) {
  namespace lm = ordo::lm;
  ordo::cli::Program program(
      "lm", "Language models: write, answer, score, embed, evaluate, train, export.");
  program.command<lm::GenerateTextOptions>("generate", "Goes on from prompts.", lm::generate_texts)
      .example("ordo lm generate \"Call me\"", "by the built-in model")
      .example("ordo lm generate --file prompts.txt --model model --count 4 --temperature 0.8",
               "four for each line of a file")
      .command<lm::ChatOptions>("chat", "Answers what is said.", lm::chat)
      .example("ordo lm chat \"Who wrote Moby Dick?\" --model smollm2.gguf")
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
            return lm::follow(lm::tiny_english(options, ordo::apps::data_folders(), context),
                              context);
          })
      .example("ordo lm recipe tiny-english --out english", "twenty minutes on two cores");
  return program.run(argc, argv);
}
