package shards

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Parse parses a shard such as 0/4, the first of four.
func Parse(text string) (*Shard, error) {
	index, of, found := strings.Cut(text, "/")
	i, err := strconv.Atoi(index)
	n, errN := strconv.Atoi(of)
	if err = cmp.Or(err, errN); !found || err != nil {
		return nil, fmt.Errorf("--shard %s: use the form I/N, such as 0/4 for the first of four", text)
	}
	return newShard("--shard "+text, i, n)
}

func newShard(source string, index, of int) (*Shard, error) {
	if of < 1 {
		return nil, fmt.Errorf("%s: there must be at least one shard", source)
	}
	if index < 0 || index >= of {
		return nil, fmt.Errorf("%s: with %d shards, the first is 0 and the last is %d", source, of, of-1)
	}
	return &Shard{Index: index, Of: of}, nil
}

// scheduler holds the variables in which a scheduler passes each run of a program its index.
type scheduler struct{ index, first, count string } // names of variables, "" for none

var schedulers = []scheduler{
	{index: "JOB_COMPLETION_INDEX"}, // Kubernetes, which does not set the number of runs
	{index: "SLURM_ARRAY_TASK_ID", first: "SLURM_ARRAY_TASK_MIN", count: "SLURM_ARRAY_TASK_COUNT"},
	{index: "AWS_BATCH_JOB_ARRAY_INDEX", count: "AWS_BATCH_JOB_ARRAY_SIZE"},
}

// OfJob returns the shard of a job that a scheduler runs many times, nil without a scheduler. The number of shards is given,
// 0 to take it from the scheduler. A job that does not know its part is refused, because each run would read the whole
// account.
func OfJob(of int, env func(string) string) (*Shard, error) {
	var by *scheduler
	for i := range schedulers {
		switch s := &schedulers[i]; {
		case env(s.index) == "":
		case by != nil:
			return nil, fmt.Errorf("both %s and %s are set; name the shard with --shard I/N", by.index, s.index)
		default:
			by = s
		}
	}
	if by == nil {
		if of != 0 {
			return nil, fmt.Errorf("--shards %d: no scheduler says which one this is; give --shard I/N, such as --shard 0/%d", of, of)
		}
		return nil, nil //nolint:nilnil // the whole account is no shard
	}
	index, err := numberOf(env, by.index, 0)
	if err != nil {
		return nil, err
	}
	first, err := numberOf(env, by.first, 0)
	if err != nil {
		return nil, err
	}
	count, err := numberOf(env, by.count, of)
	switch {
	case err != nil:
		return nil, err
	case count == 0:
		return nil, fmt.Errorf("%s is %d, but nothing says how many shards there are; give --shards N, or --shard 0/1 for the whole account", by.index, index)
	case of != 0 && count != of:
		return nil, fmt.Errorf("--shards is %d, and %s is %d; make them the same, or name the shard with --shard I/N", of, by.count, count)
	}
	return newShard(fmt.Sprintf("%s is %d", by.index, index), index-first, count)
}

// numberOf returns the number in a variable, or a default if it is not set.
func numberOf(env func(string) string, name string, without int) (int, error) {
	text := ""
	if name != "" {
		text = env(name)
	}
	if text == "" {
		return without, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%s: %q is not a number", name, text)
	}
	return n, nil
}
