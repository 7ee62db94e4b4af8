# Summarises every column of every CSV file below INPUT_DIR into OUTPUT_DIR/summary.csv.
# Base R only. Exit codes: 0 done, 2 a setting is wrong, 3 no table could be read.

fail <- function(status, ...) {
  message("error: ", ...)
  quit(save = "no", status = status)
}

# Rscript buffers what it prints; without this the log could not be followed.
say <- function(...) {
  cat(..., "\n", sep = "")
  flush(stdout())
}

summarise_column <- function(file, name, values, digits) {
  present <- values[!is.na(values)]
  number <- is.numeric(present) && length(present) > 0
  statistic <- function(f) if (number) signif(f(present), digits) else NA
  data.frame(
    file = file,
    column = name,
    type = if (number) "number" else if (length(present) == 0) "empty" else "text",
    rows = length(values),
    missing = sum(is.na(values)),
    distinct = length(unique(present)),
    min = statistic(min),
    mean = statistic(mean),
    median = statistic(median),
    sd = statistic(sd),
    max = statistic(max)
  )
}

summarise_file <- function(path, file, digits) {
  table <- read.csv(path, check.names = FALSE, na.strings = c("NA", ""), strip.white = TRUE)
  columns <- lapply(names(table), function(name) {
    summarise_column(file, name, table[[name]], digits)
  })
  say(file, ": ", nrow(table), " rows, ", ncol(table), " columns")
  do.call(rbind, columns)
}

input <- Sys.getenv("INPUT_DIR")
output <- Sys.getenv("OUTPUT_DIR")
if (!dir.exists(input) || output == "") fail(2, "INPUT_DIR and OUTPUT_DIR must name folders")
digits <- suppressWarnings(as.numeric(Sys.getenv("DIGITS", "6")))
if (is.na(digits) || digits < 1 || digits > 15) fail(2, "DIGITS must be a number from 1 to 15")

files <- sort(list.files(input, pattern = "\\.csv$", recursive = TRUE, ignore.case = TRUE))
tables <- lapply(files, function(file) {
  tryCatch(
    summarise_file(file.path(input, file), file, digits),
    error = function(problem) {
      say(file, ": unreadable (", conditionMessage(problem), ")")
      NULL
    }
  )
})
summary <- do.call(rbind, tables)
if (is.null(summary)) fail(3, "none of ", length(files), " CSV files could be read")

dir.create(output, recursive = TRUE, showWarnings = FALSE)
write.csv(summary, file.path(output, "summary.csv"), row.names = FALSE, na = "")
say(nrow(summary), " columns of ", length(files), " files summarised; see summary.csv")
