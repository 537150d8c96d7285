using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Overlay.Daemon.Hosting;
using Overlay.Daemon.Options;
using Serilog.Core;

namespace Overlay.Daemon.Tests;

public class LoggingTests
{
    private const string CompactJson = "Serilog.Formatting.Compact.CompactJsonFormatter, Serilog.Formatting.Compact";

    [Fact]
    public void A_line_has_time_level_and_source() =>
        Lines([]).ShouldHaveSingleItem()
            .ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d WRN Overlay\.Tests: 3 peers left$");

    [Fact]
    public void Sinks_of_the_configuration_replace_the_console_and_need_no_assembly_names() =>
        Lines([("WriteTo:0:Name", "Console"), ("WriteTo:0:Args:outputTemplate", "{Level:w4} {Message}{NewLine}")])
            .ShouldBe(["warn 3 peers left"]);

    [Fact]
    public void Compact_json_is_there_to_be_named()
    {
        string line = Lines([("WriteTo:0:Name", "Console"), ("WriteTo:0:Args:formatter", CompactJson)])
            .ShouldHaveSingleItem();
        using JsonDocument document = JsonDocument.Parse(line);
        document.RootElement.GetProperty("Count").GetInt32().ShouldBe(3);
    }

    [Fact]
    public void Every_line_for_the_journal_has_a_priority_and_none_a_time_stamp()
    {
        string[] lines = Lines([], isJournal: true, new InvalidOperationException("first\nsecond"));
        lines[0].ShouldBe("<4>Overlay.Tests: 3 peers left");
        lines.ShouldAllBe(static line => line.StartsWith("<4>", StringComparison.Ordinal));
        lines.ShouldContain("<4>second");
    }

    [Theory]
    [InlineData("8:12345", "socket:[12345]", true)]
    [InlineData("8:12345", "socket:[1234]", false)]
    [InlineData("8:12345", "pipe:[12345]", false)]
    [InlineData("8:12345", null, false)]
    [InlineData("8:", "socket:[]", false)]
    [InlineData("", "socket:[12345]", false)]
    [InlineData(null, "socket:[12345]", false)]
    public void The_output_is_the_journals_only_where_the_socket_is_the_named_one(
        string? variable, string? output, bool isJournal) =>
        JournalStream.IsJournal(variable, output).ShouldBe(isJournal);

    [Fact]
    public void A_level_that_does_not_exist_is_bad_configuration() =>
        Should.Throw<ConfigurationException>(() => Lines([("MinimumLevel", "Loud")])).Message.ShouldContain("Loud");

    private static string[] Lines(
        (string Key, string Value)[] keys, bool isJournal = false, Exception? exception = null)
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
                keys.Select(static pair => KeyValuePair.Create($"Serilog:{pair.Key}", (string?)pair.Value))).Build();
        TextWriter console = Console.Out;
        using StringWriter written = new();
        Console.SetOut(written);
        try
        {
            using Logger logger = Logging.Create(configuration, isJournal, new LoggingLevelSwitch());
            logger.ForContext(Constants.SourceContextPropertyName, "Overlay.Tests")
                .Warning(exception, "{Count} peers left", 3);
        }
        finally
        {
            Console.SetOut(console);
        }

        return written.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
