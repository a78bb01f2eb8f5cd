#include "ordo/store/export.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ordo/base/file.h"
#include "ordo/base/python_testing.h"
#include "ordo/store/store.h"

namespace ordo::store {
namespace {

using testing::HasSubstr;

class ExportTest : public testing::Test {
 protected:
  void SetUp() override {
    Store store(folder_.path() / "s", {}, context_);
    store.put_study(
        {.name = "digits", .spec = "", .spec_hash = "", .seeds = {}, .tags = {}, .notes = ""});
    const CellSpec spec{.variant = "a, \"quoted\"", .params = {{"rate", 0.5}}, .seed = 3};
    const auto cells = store.add_cells("digits", {&spec, 1});
    const auto run = *store.claim(cells[0], {});
    store.add_point(run, "acc", 1, 0.25);
    store.add_point(run, "acc", 300, 0.75);
    store.add_point(run, "loss", 300, 1.5);
    store.finish(run, {.exit_status = 0, .wall_seconds = 2, .results = {{"score", 0.875}}});
  }
  std::filesystem::path exported(const std::string& format) {
    const auto out = folder_.path() / format;
    const ExportResult result = export_store(
        {.out = out, .store = folder_.path() / "s", .format = format, .study = {}}, context_);
    EXPECT_EQ(result.runs, 1);
    EXPECT_EQ(result.points, 3);
    return out;
  }
  // What a Python script prints, run by the interpreter that ORDO_PYTHON names (default: python3).
  std::string python(const std::string& script, const std::filesystem::path& argument) {
    write_file_atomic(folder_.path() / "script.py", script);
    const auto output = folder_.path() / "output";
    const std::string command = python_interpreter() + " " +
                                (folder_.path() / "script.py").string() + " '" + argument.string() +
                                "' > " + output.string() + " 2>&1";
    const int status = std::system(command.c_str());
    return status == 0 ? read_file(output) : "failed: " + read_file(output);
  }

  TempFolder folder_;
  Context context_;
};

TEST_F(ExportTest, TablesHaveEveryCellAndPoint) {
  const auto out = exported("csv");
  EXPECT_EQ(read_file(out / "series.csv"),
            "study,variant,seed,name,step,value\n"
            "digits,\"a, \"\"quoted\"\"\",3,acc,1,0.25\n"
            "digits,\"a, \"\"quoted\"\"\",3,acc,300,0.75\n"
            "digits,\"a, \"\"quoted\"\"\",3,loss,300,1.5\n");
  EXPECT_EQ(read_file(out / "wide.csv"),
            "study,variant,seed,step,acc,loss\n"
            "digits,\"a, \"\"quoted\"\"\",3,1,0.25,\n"
            "digits,\"a, \"\"quoted\"\"\",3,300,0.75,1.5\n");
  EXPECT_THAT(read_file(out / "cells.csv"), HasSubstr(",param.rate,result.score\n"));
  EXPECT_THAT(read_file(out / "cells.csv"), HasSubstr(",0.5,0.875\n"));
}

TEST_F(ExportTest, JsonHoldsResultsAndSeries) {
  const Json all = read_json((exported("json") / "store.json").string());
  const Json& cell = all.at("cells").as_array().at(0);
  EXPECT_EQ(cell.at("results"), parse_json(R"({"score":0.875})"));
  EXPECT_EQ(cell.at("series"), parse_json(R"({"acc":{"step":[1,300],"value":[0.25,0.75]},
                           "loss":{"step":[300],"value":[1.5]}})"));
}

TEST_F(ExportTest, AFolderWithContentIsNotWrittenTo) {
  exported("csv");
  EXPECT_THROW(exported("csv"), UsageError);
}

TEST_F(ExportTest, TensorBoardReadsTheEventFiles) {
  const std::string output = python(R"py(
import sys, glob
try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
except ImportError:
    print("absent"); sys.exit()
folder = glob.glob(sys.argv[1] + "/digits/*")[0]
events = EventAccumulator(folder); events.Reload()
for tag in sorted(events.Tags()["scalars"]):
    print(tag, [(e.step, e.value) for e in events.Scalars(tag)])
)py",
                                    exported("tensorboard"));
  if (output == "absent\n") GTEST_SKIP() << "the Python package tensorboard is not installed";
  EXPECT_THAT(output, HasSubstr("acc [(1, 0.25), (300, 0.75)]\nloss [(300, 1.5)]\n"
                                "result/score [(0, 0.875)]\n"));
}

TEST_F(ExportTest, MlflowReadsItsFolders) {
  const std::string output = python(R"py(
import os, sys
os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"  # newer versions ask for it
try:
    from mlflow.tracking import MlflowClient
except ImportError:
    print("absent"); sys.exit()
client = MlflowClient(tracking_uri="file://" + sys.argv[1])
experiment = client.get_experiment_by_name("digits")
run = client.search_runs([experiment.experiment_id])[0]
print(run.info.status, sorted(run.data.params.items()), run.data.metrics["score"])
print([(m.step, m.value) for m in client.get_metric_history(run.info.run_id, "acc")])
)py",
                                    exported("mlflow"));
  if (output == "absent\n") GTEST_SKIP() << "the Python package mlflow is not installed";
  EXPECT_THAT(output, HasSubstr("FINISHED [('rate', '0.5'), ('seed', '3')] 0.875\n"
                                "[(1, 0.25), (300, 0.75)]\n"));
}

}  // namespace
}  // namespace ordo::store
