using Overlay.Daemon.Networks;
using Overlay.Testing;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Tests;

public sealed class BlackholeRecordTests : IDisposable
{
    private readonly TempDirectory _state = new();
    private readonly CollectingLogger<BlackholeRecord> _logger = new();

    private string Record => _state["blackholes.json"];

    [Fact]
    public void A_file_of_an_earlier_version_is_read_and_written_as_it_was()
    {
        const string written = """{"overlay.1":["10.244.0.0/16","10.244.1.0/24"],"overlay.2":["fd00:10:50::/56"]}""";
        File.WriteAllText(Record, written);
        Dictionary<string, List<IpPrefix>> recorded = New().Load();
        recorded["overlay.1"].ShouldBe([IpPrefix.Parse("10.244.0.0/16"), IpPrefix.Parse("10.244.1.0/24")]);
        recorded["overlay.2"].ShouldBe([IpPrefix.Parse("fd00:10:50::/56")]);
        New().Save(recorded);
        File.ReadAllText(Record).ShouldBe(written);
    }

    [Fact]
    public void Without_blackholes_there_is_no_file()
    {
        New().Save(new() { ["overlay.1"] = [IpPrefix.Parse("10.244.0.0/16")] });
        New().Save([]);
        File.Exists(Record).ShouldBeFalse();
        New().Load().ShouldBeEmpty();
        _logger.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public void A_damaged_file_is_logged_and_a_prefix_that_makes_no_sense_is_passed_over()
    {
        File.WriteAllText(Record, """{"overlay.1":["10.244.0.0/16","nonsense"]}""");
        New().Load()["overlay.1"].ShouldHaveSingleItem();
        File.WriteAllText(Record, "{");
        New().Load().ShouldBeEmpty();
        _logger.Warnings.ShouldHaveSingleItem().ShouldContain("Blackholes that a crash left may stay");
    }

    public void Dispose() => _state.Dispose();

    private BlackholeRecord New() => new(_state.Path, _logger);
}
