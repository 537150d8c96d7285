using Overlay.Pods.Operations;
using Overlay.Testing;

namespace Overlay.Pods.Tests;

/// <summary>The plugin writes its calls, and the daemon reads each once.</summary>
public sealed class OperationJournalTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly OperationJournal _journal;

    public OperationJournalTests() => _journal = new OperationJournal(_directory.Path);

    [Fact]
    public void A_reader_gets_each_call_once_and_none_from_before()
    {
        _journal.Add(Add(0));
        OperationReader reader = new(_journal);
        reader.Take().ShouldBeEmpty();
        _journal.Add(Add(11));
        _journal.Add(new CniOperation("DEL", 0, TimeSpan.FromMilliseconds(1.5)));
        reader.Take().ShouldBe([Add(11), new CniOperation("DEL", 0, TimeSpan.FromMilliseconds(1.5))]);
        reader.Take().ShouldBeEmpty();
    }

    [Fact]
    public void A_full_file_makes_room_and_none_of_its_calls_is_lost_nor_is_it_ever_larger()
    {
        OperationReader reader = new(_journal);
        int read = 0;
        const int Calls = 20_000;
        for (int i = 0; i < Calls; i++)
        {
            _journal.Add(Add(0));
            if (i % 1000 == 0) read += reader.Take().Count;
        }

        (read + reader.Take().Count).ShouldBe(Calls);
        Directory.GetFiles(_directory.Path).Sum(static path => new FileInfo(path).Length)
            .ShouldBeLessThan(2 * OperationJournal.FullSize);
    }

    [Fact]
    public void Plugins_that_run_at_once_leave_whole_lines()
    {
        OperationReader reader = new(_journal);
        Parallel.For(0, 8, _ =>
        {
            for (int i = 0; i < 20; i++) _journal.Add(Add(0));
        });
        IReadOnlyList<CniOperation> read = reader.Take();
        read.ShouldAllBe(static operation => operation == Add(0));

        // One that finds the others in its way for too long is not counted.
        read.Count.ShouldBeGreaterThan(100);
        File.ReadAllLines(_journal.Path).Length.ShouldBe(read.Count);
    }

    [Fact]
    public void A_line_that_is_not_whole_yet_is_read_later_and_lines_of_others_are_passed_over()
    {
        OperationReader reader = new(_journal);
        File.AppendAllText(_journal.Path, "ADD 0 0.5\nrubbish\nADD -1 2\nADD 0 NaN\nDANCE 0 1\nADD 4000 1\nDE");
        reader.Take().ShouldBe([Add(0)]);
        File.AppendAllText(_journal.Path, "L 7 0.25\n");
        reader.Take().ShouldBe([new CniOperation("DEL", 7, TimeSpan.FromMilliseconds(250))]);
    }

    [Fact]
    public void A_journal_that_nobody_can_write_or_read_holds_nobody_up()
    {
        OperationJournal none = new(_directory["none"]);
        OperationReader reader = new(none);
        none.Add(Add(0));
        reader.Take().ShouldBeEmpty();
        Directory.Exists(_directory["none"]).ShouldBeFalse("no pod has been attached");
    }

    public void Dispose() => _directory.Dispose();

    private static CniOperation Add(uint code) => new("ADD", code, TimeSpan.FromMilliseconds(500));
}
