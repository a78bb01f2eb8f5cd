// Loading by name and from files and folders; NumPy writes the user's files where it is importable
// (ORDO_PYTHON names the interpreter, else python3).
#include <cstdlib>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ordo/base/archive.h"
#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/npy.h"
#include "ordo/base/python_testing.h"
#include "ordo/data/labelled.h"
#include "ordo/data/listing.h"

namespace ordo::data {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path kBundled = std::string(ORDO_SOURCE_DIR) + "/data";

class Load : public testing::Test {
 protected:
  Labelled operator()(const std::string& what, const LoadOptions& options = {}) const {
    return load(what, options, folders_);
  }
  Labelled from(const std::string& name, const LoadOptions& options = {}) const {
    return load((folder_.path() / name).string(), options, folders_);
  }
  void write(const std::string& name, const std::string& bytes) const {
    write_file_atomic(folder_.path() / name, bytes);
  }
  template <class Kind>
  std::string refusal(const std::string& what, const LoadOptions& options = {}) const {
    try {
      load(what, options, folders_);
    } catch (const Kind& error) {
      return error.what();
    }
    return "none";
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  TempFolder folder_;
  Folders folders_ = {.bundled = kBundled, .cache = folder_.path() / "cache"};
};

std::string idx(unsigned char rank, const std::vector<std::uint32_t>& shape,
                const std::string& elements) {
  std::string bytes{'\0', '\0', '\x08', static_cast<char>(rank)};
  for (const std::uint32_t extent : shape) {
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
      bytes += static_cast<char>(extent >> shift & 255U);
    }
  }
  return bytes + elements;
}

TEST_F(Load, TakesBundledSetsByName) {
  const Labelled digits = (*this)("digits");
  EXPECT_EQ(digits.examples.shape(), (Shape{1797, 8, 8}));
  EXPECT_EQ(digits.examples.dtype(), Dtype::uint8);
  EXPECT_EQ(digits.classes.size(), 10U);
  EXPECT_EQ(digits.range->high, 16);
  const Labelled cancer = (*this)("breast-cancer");
  EXPECT_EQ(cancer.examples.shape(), (Shape{569, 30}));
  // 212 malignant and 357 benign, as the UCI repository says.
  EXPECT_EQ(summarize(cancer).counts, (std::vector<std::int64_t>{357, 212}));
  EXPECT_EQ(summarize((*this)("iris")).counts, (std::vector<std::int64_t>{50, 50, 50}));
  EXPECT_EQ(summarize((*this)("wine")).counts, (std::vector<std::int64_t>{59, 71, 48}));
}

TEST_F(Load, SaysWhatToRunOrWhatWasMeant) {
  EXPECT_THAT(refusal<IoError>("mnist"), HasSubstr("run 'ordo data get mnist'"));
  EXPECT_THAT(refusal<UsageError>("brown"), HasSubstr("no examples with classes"));
  EXPECT_THAT(refusal<UsageError>("digit"), HasSubstr("did you mean 'digits'?"));
  write("a.txt", "");
  EXPECT_THAT(refusal<UsageError>(path("a.txt")), HasSubstr("expected a CSV or TSV file"));
  EXPECT_THAT(refusal<InputError>(folder_.path().string()), HasSubstr("no examples found"));
  write_npy(path("x.npy"), Array::of(std::vector<float>(4), {2, 2}));
  EXPECT_THAT(refusal<UsageError>(path("x.npy")), HasSubstr("by --labels"));
}

TEST_F(Load, ReadsAPairOfNpyFilesWithoutACopy) {
  write_npy(path("x.npy"), Array::of(std::vector<float>{1, 2, 3, 4}, {2, 2}));
  write_npy(path("y.npy"), Array::of(std::vector<std::int32_t>{1, 0}));
  const Labelled data = from("x.npy", {.labels = path("y.npy")});
  EXPECT_EQ(data.examples.to_doubles(), (std::vector<double>{1, 2, 3, 4}));
  EXPECT_THAT(read_file("/proc/self/maps"), HasSubstr(path("x.npy")));
}

TEST_F(Load, ReadsIdxAsAPairAndAsAFolder) {
  const std::string images = idx(3, {2, 2, 2}, "abcdefgh"), labels = idx(1, {2}, "\x05\x02");
  write("train-images-idx3-ubyte.gz", gzip(images));
  write("train-labels-idx1-ubyte.gz", gzip(labels));
  EXPECT_EQ(from("train-images-idx3-ubyte.gz").labels, (std::vector<std::int64_t>{1, 0}));
  EXPECT_THAT(refusal<IoError>(folder_.path().string()), HasSubstr("lacks t10k-images"));
  write("t10k-images-idx3-ubyte", idx(3, {1, 2, 2}, "wxyz"));
  write("t10k-labels-idx1-ubyte", idx(1, {1}, "\x02"));
  const Labelled data = (*this)(folder_.path().string());
  EXPECT_EQ(data.examples.shape(), (Shape{3, 2, 2}));
  EXPECT_EQ(data.own_training, 2);
  EXPECT_EQ(data.labels, (std::vector<std::int64_t>{1, 0, 0}));
  EXPECT_EQ(data.examples.as<std::uint8_t>()[8], 'w');
  write("t10k-labels-idx1-ubyte", idx(1, {2}, "\x02\x02"));
  EXPECT_THAT(refusal<InputError>(folder_.path().string()),
              HasSubstr("examples [1, 2, 2] and labels [2] of the test set differ in number"));
}

TEST_F(Load, ReadsTheFolderOfCifar) {
  const std::string record = std::string(1, '\x04') + std::string(3072, 'p');
  for (const char* const name : {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                 "data_batch_4.bin", "data_batch_5.bin"}) {
    write(name, record + record);
  }
  EXPECT_THAT(refusal<IoError>(folder_.path().string()), HasSubstr("test_batch.bin"));
  write("test_batch.bin", record);
  write("batches.meta.txt", "cat\n\n");
  const Labelled data = (*this)(folder_.path().string());
  EXPECT_EQ(data.classes, std::vector<std::string>{"cat"});
  EXPECT_EQ(data.examples.shape(), (Shape{11, 3, 32, 32}));
  EXPECT_EQ(data.own_training, 10);
}

TEST_F(Load, ReadsGzippedTables) {
  write("a.csv.gz", gzip("x,label\n1,0\n2.5,1\n"));
  EXPECT_EQ(from("a.csv.gz").examples.to_doubles(), (std::vector<double>{1, 2.5}));
}

TEST_F(Load, GivesTheClassesOfASetThePlacesThatAModelHas) {
  const Labelled data =
      (*this)("iris", {.classes = {"virginica", "other", "setosa", "versicolor"}});
  EXPECT_EQ(data.labels[0], 2);
  EXPECT_EQ(data.labels[149], 0);
  EXPECT_THAT(refusal<InputError>("iris", {.classes = {"setosa"}}),
              HasSubstr("the class 'versicolor' is new"));
}

TEST_F(Load, LetsAModelsClassesGrow) {
  Labelled data = (*this)("iris");
  const std::vector<std::string> grown = {"virginica", "setosa", "versicolor", "new"};
  const auto before = data.labels;
  data = with_classes(std::move(data), grown);
  EXPECT_EQ(data.classes, grown);
  for (std::size_t example = 0; example < before.size(); ++example) {
    // setosa, versicolor, virginica were 0, 1, 2.
    EXPECT_EQ(data.labels[example], (before[example] + 1) % 3);
  }
}

TEST_F(Load, AgreesWithNumpyOnItsFiles) {
  if (!python("import numpy")) GTEST_SKIP() << "numpy is not importable; set ORDO_PYTHON";
  const std::string at = folder_.path().string() + "/";
  ASSERT_TRUE(
      python("import numpy as n\nr = n.random.default_rng(1)\n"
             "x = r.normal(size=(50, 5, 7, 3)); y = r.integers(-3, 4, 50)\n"
             "n.savez_compressed('" +
             at +
             "a.npz', x=n.asfortranarray(x), y=y)\n"
             "n.save('" +
             at +
             "first.npy', x.transpose(0, 3, 1, 2).astype('f4'))\n"
             "u, inverse = n.unique(y, return_inverse=True)\n"
             "n.save('" +
             at +
             "inverse.npy', inverse)\n"
             "n.savetxt('" +
             at +
             "t.csv', n.c_[x.reshape(50, -1)[:, :6], y], '%.17g',\n"
             " delimiter=',', header='a,b,c,d,e,f,label', comments='')\n"
             "n.save('" +
             at + "t.npy', x.reshape(50, -1)[:, :6].astype('f4'))\n"));
  const auto inverse = read_npy(at + "inverse.npy").to_doubles();
  const Labelled data = from("a.npz");
  EXPECT_EQ(data.examples.shape(), (Shape{50, 3, 5, 7}));
  EXPECT_EQ(data.examples.to_doubles(), read_npy(at + "first.npy").to_doubles());
  EXPECT_EQ(std::vector<double>(data.labels.begin(), data.labels.end()), inverse);
  const Labelled table = from("t.csv");
  EXPECT_EQ(table.examples.to_doubles(), read_npy(at + "t.npy").to_doubles());
  EXPECT_EQ(std::vector<double>(table.labels.begin(), table.labels.end()), inverse);
}

// The sets that packages carry, where `ordo data get` has put them.
class FetchedSets : public testing::TestWithParam<std::string> {};

TEST_P(FetchedSets, HaveTheirBytesAndTheirExamples) {
  const Folders folders = standard_folders(ORDO_BIN_DIR "/ordo-data", std::getenv("XDG_CACHE_HOME"),
                                           std::getenv("HOME"));
  const DataSet& set = find_data_set(GetParam());
  if (!is_here(set, folders)) GTEST_SKIP() << how_to_get(set);
  EXPECT_NO_THROW(verify(set, folders.cache / set.name));
  const Labelled data = load(set.name, {}, folders);
  EXPECT_EQ(data.examples.shape(), (Shape{set.count, 28, 28}));
  const auto counts = summarize(data).counts;
  if (set.name == "mnist") {
    EXPECT_EQ(counts,
              (std::vector<std::int64_t>{1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978}));
  } else {
    EXPECT_EQ(counts, std::vector<std::int64_t>(10, 7000));
    EXPECT_EQ(data.own_training, 60000);
  }
}

INSTANTIATE_TEST_SUITE_P(Catalogue, FetchedSets, testing::Values("fashion-mnist", "mnist"));

}  // namespace
}  // namespace ordo::data
