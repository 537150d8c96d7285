using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Overlay.Host.Files;
using Overlay.Testing;

namespace Overlay.Host.Tests.Files;

public sealed partial class StateFileTests : IDisposable
{
    private const string Consequence = "The pod has no name";

    private readonly TempDirectory _directory = new();
    private readonly CollectingLogger<StateFileTests> _logger = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_document_is_loaded_as_it_was_saved()
    {
        string path = Path.Combine(_directory["state"], "pod.json");
        StateFile(path).Save(new Document("a", 2)).ShouldBeTrue();
        StateFile(path).Load().ShouldBe(new Document("a", 2));
        File.ReadAllText(path).ShouldBe("""{"Name":"a","Number":2}""");
        Directory.GetFiles(_directory["state"]).ShouldBe([path]);
        _logger.Of(LogLevel.Warning).ShouldBeEmpty();
        _logger.Of(LogLevel.Error).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("pod.json")]
    [InlineData("missing/pod.json")]
    public void A_missing_file_is_no_warning(string name)
    {
        StateFile(_directory[name]).Load().ShouldBeNull();
        _logger.Warnings.ShouldBeEmpty();
        _logger.Of(LogLevel.Debug).ShouldHaveSingleItem().ShouldContain(name);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"Name":"a","Number":"many"}""")]
    public void A_damaged_file_is_one_warning_and_stays_on_the_disk(string content)
    {
        string path = _directory["pod.json"];
        File.WriteAllText(path, content);
        StateFile(path).Load().ShouldBeNull();
        string warning = _logger.Warnings.ShouldHaveSingleItem();
        warning.ShouldStartWith($"{path} cannot be used: ");
        warning.ShouldEndWith($". {Consequence}");
        File.ReadAllText(path).ShouldBe(content);

        StateFile(path).Save(new Document("a", 2)).ShouldBeTrue();
        StateFile(path).Load().ShouldBe(new Document("a", 2));
    }

    [Fact]
    public void A_document_that_its_user_refuses_is_the_same_warning()
    {
        StateFile(_directory["pod.json"]).Refuse("the number is negative");
        _logger.Warnings.ShouldHaveSingleItem()
            .ShouldBe($"{_directory["pod.json"]} cannot be used: the number is negative. {Consequence}");
    }

    [Fact]
    public void A_path_that_is_a_directory_is_a_warning_and_an_error_of_which_only_the_first_is_logged()
    {
        string path = Directory.CreateDirectory(_directory["pod.json"]).FullName;
        StateFile<Document> state = StateFile(path);
        state.Load().ShouldBeNull();
        _logger.Warnings.ShouldHaveSingleItem().ShouldContain(path);

        state.Save(new Document("a", 2)).ShouldBeFalse();
        state.Save(new Document("a", 3)).ShouldBeFalse();
        string error = _logger.Of(LogLevel.Error).ShouldHaveSingleItem();
        error.ShouldStartWith($"{path} cannot be written: ");
        error.ShouldEndWith($". {Consequence}");
    }

    [Fact]
    public void A_full_disk_is_logged_once_and_again_after_a_save_that_succeeded()
    {
        using SmallDisk disk = new();
        string path = Path.Combine(disk.Path, "pod.json");
        StateFile<Document> state = StateFile(path);
        state.Save(new Document("a", 1)).ShouldBeTrue();

        disk.Fill();
        state.Save(new Document("a", 2)).ShouldBeFalse();
        state.Save(new Document("a", 3)).ShouldBeFalse();
        _logger.Of(LogLevel.Error).ShouldHaveSingleItem().ShouldContain("No space left on device");
        state.Load().ShouldBe(new Document("a", 1));

        disk.MakeRoom();
        state.Save(new Document("a", 4)).ShouldBeTrue();
        state.Load().ShouldBe(new Document("a", 4));
        _logger.Of(LogLevel.Information).ShouldHaveSingleItem().ShouldBe($"{path} is written again");

        disk.Fill();
        state.Save(new Document("a", 5)).ShouldBeFalse();
        _logger.Of(LogLevel.Error).Count.ShouldBe(2);
    }

    [Fact]
    public void A_deleted_file_is_gone_and_deleting_it_again_is_no_failure()
    {
        StateFile<Document> state = StateFile(_directory["state/pod.json"]);
        state.Delete();
        state.Save(new Document("a", 2)).ShouldBeTrue();
        state.Delete();
        state.Delete();
        File.Exists(state.Path).ShouldBeFalse();
        _logger.Of(LogLevel.Error).ShouldBeEmpty();
    }

    [Fact]
    public void A_file_that_cannot_be_deleted_is_an_error()
    {
        using SmallDisk disk = new();
        StateFile<Document> state = StateFile(Path.Combine(disk.Path, "pod.json"));
        state.Save(new Document("a", 2)).ShouldBeTrue();
        disk.SetReadOnly(true);
        state.Delete();
        _logger.Of(LogLevel.Error).ShouldHaveSingleItem().ShouldContain("Read-only file system");
    }

    [Fact]
    public void The_permissions_are_those_asked_for()
    {
        string path = _directory["pod.json"];
        new StateFile<Document>(
            path, Json.Default.Document, Consequence, _logger, UnixFileMode.UserRead | UnixFileMode.UserWrite)
            .Save(new Document("a", 2)).ShouldBeTrue();
        File.GetUnixFileMode(path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private StateFile<Document> StateFile(string path) => new(path, Json.Default.Document, Consequence, _logger);

    internal sealed record Document(string Name, int Number);

    [JsonSerializable(typeof(Document))]
    private sealed partial class Json : JsonSerializerContext;
}
