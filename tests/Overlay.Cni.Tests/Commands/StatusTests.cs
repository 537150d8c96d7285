
namespace Overlay.Cni.Tests;

/// <summary>STATUS by the executable.</summary>
public sealed class StatusTests : IDisposable
{
    private readonly PluginDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void STATUS_names_what_an_ADD_would_miss()
    {
        Status("overlayd does not answer on " + _directory.Socket);
        using StandinDaemon daemon = _directory.Listen();
        Plugin.Run("STATUS", Configuration).ShouldBe((0, ""));

        Directory.CreateDirectory($"{_directory.Path}/net");
        for (int i = 2; i <= 6; i++) File.WriteAllText($"{_directory.Path}/net/10.1.0.{i}", $"c{i}\r\neth0");
        Status("no address is free");
        File.Delete(_directory.SubnetFile);
        Outlast();
        Status("subnet.env does not exist");
    }

    [Fact]
    public void STATUS_is_patient_with_a_daemon_that_is_being_replaced()
    {
        using (_directory.Listen()) Plugin.Run("STATUS", Configuration).ShouldBe((0, ""));
        Plugin.Run("STATUS", Configuration).ShouldBe((0, ""));
        string subnet = File.ReadAllText(_directory.SubnetFile);
        File.Delete(_directory.SubnetFile);
        Plugin.Run("STATUS", Configuration).ShouldBe((0, ""));
        File.WriteAllText(_directory.SubnetFile, subnet);
        Outlast();
        Status("overlayd does not answer on " + _directory.Socket);

        // A time to come is no sighting either.
        File.SetLastWriteTimeUtc(Sighting, DateTime.UtcNow.AddHours(1));
        Status("overlayd does not answer on " + _directory.Socket);
    }

    [Fact]
    public void STATUS_agrees_with_the_daemons_readiness_and_is_patient_with_a_moment_without_it()
    {
        const string NotReady = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\n\r\n"
            + "overlayd is not ready yet: overlay.1 is down\n";
        using (StandinDaemon ready = _directory.Listen())
        {
            Plugin.Run("STATUS", Configuration).ShouldBe((0, ""));
            ready.Question.ShouldStartWith("GET /readyz HTTP/1.0\r\n");
        }

        using (_directory.Listen(NotReady))
        {
            Plugin.Run("STATUS", Configuration).ShouldBe((0, ""));
            Outlast();
            Status("overlayd is not ready yet: overlay.1 is down", 51);
        }

        using (_directory.Listen("")) Status("without an answer");

        // A daemon that knows no such question runs, and judges nothing.
        using (_directory.Listen("HTTP/1.1 404 Not Found\r\n\r\n")) Plugin.Run("STATUS", Configuration).ShouldBe((0, ""));
    }

    [Fact]
    public async Task STATUS_survives_allocations_that_come_and_go_while_it_reads_them()
    {
        using StandinDaemon daemon = _directory.Listen();
        Directory.CreateDirectory($"{_directory.Path}/net");
        using CancellationTokenSource end = new();
        Task churn = Task.Run(() =>
        {
            while (!end.IsCancellationRequested)
            {
                for (int i = 2; i < 200; i++) File.WriteAllText($"{_directory.Path}/net/10.1.0.{i}", $"c{i}\r\neth0");
                for (int i = 2; i < 200; i++) File.Delete($"{_directory.Path}/net/10.1.0.{i}");
            }
        });
        string[] answers =
        [
            .. Enumerable.Range(0, 30)
                .Select(_ => Plugin.Run("STATUS", Configuration.Replace("/29", "/16", StringComparison.Ordinal)).Output),
        ];
        await end.CancelAsync();
        await churn;
        answers.ShouldAllBe(static answer => answer.Length == 0);
    }

    private string Sighting => Path.Combine(_directory.Path, ".overlayd-answered");

    private void Outlast() => File.SetLastWriteTimeUtc(Sighting, DateTime.UtcNow.AddSeconds(-31));

    private void Status(string reason, int code = 50)
    {
        (int exitCode, string output) = Plugin.Run("STATUS", Configuration);
        exitCode.ShouldBe(1);
        output.ShouldContain($"\"code\":{code}");
        output.ShouldContain(reason);
    }

    private string Configuration =>
        $$$"""{{{{_directory.Keys}}}"cniVersion":"1.1.0","name":"net","type":"overlay","ipam":{"type":"host-local","dataDir":"{{{_directory.Path}}}","ranges":[[{"subnet":"10.1.0.0/29"}]]} }""";
}
